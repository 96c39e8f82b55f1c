import { strings } from "../strings.ts";

/** While the server is asked who is there. */
export function Splash() {
  return (
    <div className="splash" role="status">
      <img src="/icon.svg" alt="" width="48" height="48" />
      <span className="visually-hidden">{strings.states.loading}</span>
    </div>
  );
}
