import { X } from 'lucide-react';
import { AlertDialog, Dialog as Plain } from 'radix-ui';
import { type ReactNode, useRef } from 'react';
import { IconButton } from './button.tsx';

const OVERLAY = 'fixed inset-0 z-40 bg-black/45 backdrop-blur-[1px]';
const CONTENT =
  'fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-xl border border-line bg-raised p-5 shadow-2xl';
const TITLE = 'text-[15px] font-semibold';

/**
 * Gives the focus back to whoever had it before the dialog; if that is gone, or out of sight, the terminal has it. Radix does this
 * for dialogs with a trigger only.
 */
function useFocusBack(open: boolean): (event: Event) => void {
  const before = useRef<Element | null>(null);
  const wasOpen = useRef(false);
  // While it is rendered, the dialog has not taken the focus yet.
  if (open && !wasOpen.current) before.current = document.activeElement;
  wasOpen.current = open;
  return (event) => {
    event.preventDefault();
    const candidates = [before.current, document.querySelector('[data-focused=true] textarea')];
    for (const candidate of candidates) {
      if (!(candidate instanceof HTMLElement) || candidate === document.body) continue;
      candidate.focus();
      if (document.activeElement === candidate) return;
    }
  };
}

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
}

/** Something to fill in or to read; closes by Esc, a click beside it, and its button. */
export function Dialog({ open, onClose, title, children }: DialogProps) {
  const onClosed = useFocusBack(open);
  return (
    <Plain.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Plain.Portal>
        <Plain.Overlay className={OVERLAY} />
        <Plain.Content className={CONTENT} aria-describedby={undefined} onCloseAutoFocus={onClosed}>
          <div className="mb-3 flex items-start justify-between gap-3">
            <Plain.Title className={TITLE}>{title}</Plain.Title>
            <Plain.Close asChild>
              <IconButton label="Close" className="-mt-1 -mr-1">
                <X size={16} aria-hidden />
              </IconButton>
            </Plain.Close>
          </div>
          {children}
        </Plain.Content>
      </Plain.Portal>
    </Plain.Root>
  );
}

export interface ConfirmProps {
  readonly open: boolean;
  /** Esc: nothing happens. */
  readonly onCancel: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** Beside `Cancel`, which has the focus. */
  readonly actions: ReactNode;
  readonly cancel?: string;
}

/** A question that has to be answered. */
export function Confirm({ open, onCancel, title, children, actions, cancel = 'Cancel' }: ConfirmProps) {
  const onClosed = useFocusBack(open);
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => next || onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={OVERLAY} />
        <AlertDialog.Content className={CONTENT} onCloseAutoFocus={onClosed}>
          <AlertDialog.Title className={TITLE}>{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-2 space-y-2 text-muted">{children}</div>
          </AlertDialog.Description>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <button
                type="button"
                className="inline-flex min-h-8 items-center rounded-md border border-line bg-raised px-3 py-1 text-[13px] font-medium hover:bg-hover pointer-coarse:min-h-10"
              >
                {cancel}
              </button>
            </AlertDialog.Cancel>
            {actions}
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
