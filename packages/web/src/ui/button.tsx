import type { ButtonHTMLAttributes, ReactNode } from 'react';

type Look = 'primary' | 'secondary' | 'danger' | 'ghost';

const LOOK: Readonly<Record<Look, string>> = {
  primary: 'bg-accent text-on-accent hover:brightness-110',
  secondary: 'border border-line bg-raised text-text hover:bg-hover',
  danger: 'bg-bad-fill text-white hover:brightness-110',
  ghost: 'text-muted hover:bg-hover hover:text-text',
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  /** What it does is being done: it can't be pressed again, and keeps the focus, which a disabled one loses. */
  readonly isBusy?: boolean;
}

export function Button({
  look = 'secondary',
  isBusy = false,
  className = '',
  onClick,
  ...props
}: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      aria-disabled={isBusy}
      onClick={isBusy ? undefined : onClick}
      className={`inline-flex min-h-8 items-center justify-center gap-1.5 rounded-md px-3 py-1 text-[13px] font-medium whitespace-nowrap transition disabled:opacity-55 aria-disabled:opacity-55 pointer-coarse:min-h-10 ${LOOK[look]} ${className}`}
    />
  );
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** For whoever can't see the icon, and as a tooltip. */
  readonly label: string;
  readonly children: ReactNode;
}

export function IconButton({ label, className = '', ...props }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...props}
      className={`inline-flex size-7 shrink-0 items-center justify-center rounded-md text-muted transition hover:bg-hover hover:text-text disabled:opacity-50 pointer-coarse:size-9 ${className}`}
    />
  );
}
