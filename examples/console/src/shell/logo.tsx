/** What `public/icon.svg` shows in the tab of the browser. Its name stands beside it, or is told by what it is in. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg aria-hidden viewBox="0 0 32 32" width={size} height={size}>
      <rect width="32" height="32" rx="8" fill="#2f5bd7" />
      <path
        d="M8 10.5A2.5 2.5 0 0 1 10.5 8h11a2.5 2.5 0 0 1 2.5 2.5v7a2.5 2.5 0 0 1-2.5 2.5H15l-4.5 4v-4A2.5 2.5 0 0 1 8 17.5z"
        fill="#fff"
      />
    </svg>
  );
}
