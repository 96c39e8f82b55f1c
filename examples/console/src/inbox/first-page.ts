export const PAGE = 30;

/** The variables of the inbox's first read. */
export const FIRST_PAGE = { first: PAGE, filter: null };
