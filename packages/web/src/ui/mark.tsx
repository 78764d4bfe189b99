/** The name, with its sign. */
export function Mark() {
  return (
    <span className="inline-flex items-center gap-2 font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" className="size-5" aria-hidden>
        <rect width="32" height="32" rx="7" fill="#2563eb" />
        <path
          d="M8 10l6 6-6 6M17 22h7"
          fill="none"
          stroke="#fff"
          strokeWidth="3"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      Holdfast
    </span>
  );
}
