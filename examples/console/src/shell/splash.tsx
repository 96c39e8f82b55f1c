import { strings } from "../strings.ts";
import { Logo } from "./logo.tsx";

/** While the server is asked who is there. */
export function Splash() {
  return (
    <div className="splash" role="status">
      <Logo size={48} />
      <span className="visually-hidden">{strings.states.loading}</span>
    </div>
  );
}
