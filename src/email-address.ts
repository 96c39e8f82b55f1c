import { EmailAddressResolver } from "graphql-scalars";

/** Whether the text is an address that browsers accept in a form. */
export function isEmailAddress(text: string): boolean {
  try {
    EmailAddressResolver.parseValue(text);
    return true;
  } catch {
    return false;
  }
}
