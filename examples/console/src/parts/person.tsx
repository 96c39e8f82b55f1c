/** Two letters in a circle; the name stands beside it. */
export function Avatar({ name }: { readonly name: string }) {
  const letters = /\p{L}/u.test(name)
    ? name
        .split(/\s+/)
        .map((word) => word.charAt(0))
        .slice(0, 2)
        .join("")
    : "#";
  return (
    <span className="avatar" aria-hidden>
      {letters.toUpperCase()}
    </span>
  );
}

/** `+1 201 555 4821` for numbers of North America, all others as they are. */
export function showNumber(phoneNumber: string): string {
  return phoneNumber.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}
