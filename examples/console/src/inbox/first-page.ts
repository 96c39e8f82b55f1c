import { ConversationsDocument } from "../generated/inbox.ts";

export const PAGE = 50;

/** What the inbox asks first. */
export const FIRST_PAGE = { query: ConversationsDocument, variables: { first: PAGE, filter: null } };
