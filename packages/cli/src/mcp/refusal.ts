import { type ErrorCode, HoldfastError } from '@holdfast/protocol';

/** Something that an agent asked for in vain, with what it can do about it. */
export class Refusal extends HoldfastError {
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string) {
    super(code, message);
    this.hint = hint;
  }
}
