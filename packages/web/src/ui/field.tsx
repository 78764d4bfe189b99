import { type InputHTMLAttributes, useId } from 'react';

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | undefined;
}

export function Field({ label, hint, error, className = '', ...props }: FieldProps) {
  const id = useId();
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-[13px] font-medium">
        {label}
      </label>
      <input
        id={id}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-hint`}
        {...props}
        className={`h-9 w-full rounded-md border border-line bg-panel px-2.5 text-[13px] placeholder:text-muted pointer-coarse:h-11 pointer-coarse:text-base ${className}`}
      />
      <p id={`${id}-hint`} className={`min-h-4 text-xs ${error ? 'text-bad' : 'text-muted'}`}>
        {error ?? hint}
      </p>
    </div>
  );
}
