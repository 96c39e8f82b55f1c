/** A request that means harm, as the bytes of its body, and the codes that may answer it. */
export interface HostileBody {
  readonly name: string;
  readonly body: string;
  readonly codes: readonly string[];
}

const DEEP = 50_000;
const times = (count: number, part: (at: number) => string, between = " ") =>
  Array.from({ length: count }, (_, at) => part(at)).join(between);
const nest = (count: number, open: string, inside: string, close: string) =>
  open.repeat(count) + inside + close.repeat(count);
const asking = (query: string, variables: object = {}) => JSON.stringify({ query, variables });
/** The variables as text, because no object can hold them. */
const withVariables = (query: string, variables: string) =>
  `{"query":${JSON.stringify(query)},"variables":${variables}}`;

const COSTLY = ["QUERY_TOO_COSTLY"];
const UNPARSED = ["GRAPHQL_PARSE_FAILED", "QUERY_TOO_COSTLY"];
const INVALID = ["GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COSTLY"];
const BAD = ["BAD_USER_INPUT"];

const CONTACT = "query ($id: ID!) { contact(id: $id) { id } }";
const PEOPLE = "query ($filter: ParticipantFilter) { participants(first: 1, filter: $filter) { totalCount } }";
const NUMBERS = "query ($numbers: [PhoneNumber!]!) { people(phoneNumbers: $numbers) { id } }";
const CREATE = `mutation ($input: CreateContactInput!) { createContact(input: $input) { contact { id } userErrors { code } } }`;
const INTROSPECT = "fields { type { fields { type { fields { type { fields { name } } } } } } }";

/** Every one is within the limits of a body and of the parser's tokens unless its name says otherwise. */
export const HOSTILE_BODIES: readonly HostileBody[] = [
  {
    name: "a cycle through groups and participants",
    body: asking(
      `{ textizenGroups(first: 100) { nodes ${nest(6, "{ participants { nodes { groups ", "{ id }", " } } }")} } }`,
    ),
    codes: COSTLY,
  },
  {
    name: "two aliased cycles of polls and campaigns",
    body: asking(
      `{ polls(first: 100) { nodes { ${times(2, (at) => `a${at}: campaign ${nest(4, "{ polls { campaign ", "{ id }", " } }")}`)} } } }`,
    ),
    codes: COSTLY,
  },
  {
    name: "a thousand aliases",
    body: asking(`{ ${times(1_000, (at) => `a${at}:__typename`)} }`),
    codes: UNPARSED,
  },
  {
    name: "fragments that double twenty-five times",
    body: asking(
      `{ ...F0 } ${times(25, (at) => `fragment F${at} on Query { ...F${at + 1} ...F${at + 1} }`)} fragment F25 on Query { polls { totalCount } }`,
    ),
    codes: INVALID,
  },
  {
    name: "fragments that double, each field under another alias",
    body: asking(
      `{ polls { nodes { ...F0 } } } ${times(20, (at) => `fragment F${at} on Poll { a: campaign { polls { ...F${at + 1} } } b: campaign { polls { ...F${at + 1} } } }`)} fragment F20 on Poll { id }`,
    ),
    codes: INVALID,
  },
  {
    name: "fragments in a circle",
    body: asking("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    codes: INVALID,
  },
  {
    name: "hundreds of fields that must be merged",
    body: asking(`{ polls { nodes { ${times(110, () => "campaign { polls { id } }")} } } }`),
    codes: [...INVALID, "OK"],
  },
  { name: "seven hundred levels", body: asking(nest(700, "{a", "", "}")), codes: UNPARSED },
  { name: "tens of thousands of levels", body: asking(nest(DEEP, "{a", "", "}")), codes: UNPARSED },
  {
    name: "tens of thousands of brackets",
    body: asking(`{ contact(id: ${nest(DEEP, "[", "", "]")}) { id } }`),
    codes: UNPARSED,
  },
  { name: "tens of thousands of tokens", body: asking(`{ ${times(DEEP, () => "id")} }`), codes: UNPARSED },
  {
    name: "hundreds of directives",
    body: asking(`{ __typename ${times(250, () => "@include(if: true)")} }`),
    codes: UNPARSED,
  },
  {
    name: "directives that nobody knows",
    body: asking(`{ __typename ${times(700, (at) => `@d${at}`)} }`),
    codes: INVALID,
  },
  {
    name: "a hundred operations",
    body: asking(times(100, (at) => `query Q${at} { __typename }`)),
    codes: [...BAD, "OPERATION_RESOLUTION_FAILURE"],
  },
  { name: "thousands of operations", body: asking(times(5_000, (at) => `query Q${at} { a }`)), codes: UNPARSED },
  {
    name: "thousands of directives",
    body: asking(`{ __typename ${times(5_000, () => "@include(if: true)")} }`),
    codes: UNPARSED,
  },
  {
    name: "thousands of unknown fields in an input",
    body: withVariables(PEOPLE, `{"filter":{${times(15_000, (at) => `"name${at}":1`, ",")}}}`),
    codes: BAD,
  },
  {
    name: "thousands of unknown fields in each of some objects",
    body: withVariables(
      CREATE,
      `{"input":{${times(10, (at) => `"name${at}":{${times(1_500, (of) => `"n${of}":{}`, ",")}}`, ",")}}}`,
    ),
    codes: BAD,
  },
  {
    name: "a hundred errors behind a hundred thousand lines",
    body: asking(`{ ${"\n".repeat(100_000)} ${times(200, (at) => `nothing${at}`)} }`),
    codes: INVALID,
  },
  {
    name: "names of thousands of letters, once for each of thousands of objects",
    body: asking(
      `{ campaigns(first: 100) { nodes { polls { ${times(97, (at) => `${"t".repeat(2_400)}${at}: title`)} } } } }`,
    ),
    codes: COSTLY,
  },
  {
    name: "a name of two hundred thousand letters that costs most",
    body: asking(
      `{ ${"t".repeat(200_000)}: textizenGroups(first: 100) { nodes ${nest(6, "{ participants { nodes { groups ", "{ id }", " } } }")} } }`,
    ),
    codes: COSTLY,
  },
  {
    name: "an unknown field with a name of two hundred thousand letters",
    body: withVariables(PEOPLE, `{"filter":{"${"n".repeat(200_000)}":1}}`),
    codes: BAD,
  },
  {
    name: "tens of thousands of numbers that are none",
    body: withVariables(NUMBERS, `{"numbers":[${times(50_000, () => "1", ",")}]}`),
    codes: BAD,
  },
  {
    name: "tens of thousands of nulls where none may be",
    body: withVariables(NUMBERS, `{"numbers":[${times(40_000, () => "null", ",")}]}`),
    codes: BAD,
  },
  {
    name: "an object of thousands where an id belongs",
    body: withVariables(CONTACT, `{"id":{${times(15_000, (at) => `"name${at}":{}`, ",")}}}`),
    codes: BAD,
  },
  {
    name: "an operation of another name, a hundred thousand letters long",
    body: JSON.stringify({ query: "query A { __typename }", operationName: "B".repeat(100_000) }),
    codes: BAD,
  },
  {
    name: "a name of a hundred thousand letters",
    body: asking(`query ${"Q".repeat(100_000)} { nothing }`),
    codes: INVALID,
  },
  {
    name: "hundreds of variables of one name",
    body: asking(`query (${times(200, () => "$a: ID")}) { __typename }`),
    codes: INVALID,
  },
  {
    name: "an introspection that goes round",
    body: asking(`{ __schema { types { ${nest(1, "", INTROSPECT, "")} } } }`),
    codes: INVALID,
  },
  {
    name: "an introspection under many aliases",
    body: asking(`{ ${times(90, (at) => `a${at}: __schema { types { name fields { name } } }`)} }`),
    codes: INVALID,
  },
  { name: "__proto__ as a variable", body: withVariables(CONTACT, '{"__proto__":{"id":"co:1"}}'), codes: BAD },
  {
    name: "__proto__ and constructor in an input",
    body: withVariables(PEOPLE, '{"filter":{"__proto__":{"name":"a"},"constructor":{}}}'),
    codes: BAD,
  },
  {
    name: "constructor as the variables",
    body: withVariables(CONTACT, '{"constructor":{"prototype":{"id":"co:1"}}}'),
    codes: BAD,
  },
  { name: "__proto__ as a field", body: asking("{ __proto__ { id } constructor toString }"), codes: INVALID },
  {
    name: "a type that is named like a property of objects",
    body: asking("query ($a: toString) { __typename }"),
    codes: INVALID,
  },
  { name: "NUL in an id", body: asking(CONTACT, { id: "co:\u0000" }), codes: BAD },
  {
    name: "half a surrogate pair in an id",
    body: `{"query":${JSON.stringify(CONTACT)},"variables":{"id":"\\ud800"}}`,
    codes: BAD,
  },
  {
    name: "half a surrogate pair in the document",
    body: '{"query":"{ contact(id: \\"\\ud800\\") { id } }"}',
    codes: [...BAD, ...UNPARSED],
  },
  { name: "CR LF in an id", body: asking(CONTACT, { id: "co:1\r\nx-evil: 1" }), codes: BAD },
  {
    name: "CR LF and NUL in every text of an input",
    body: asking(CREATE, {
      input: {
        phoneNumber: "+1415\r\n",
        firstName: "A\r\n\r\nDELETE / HTTP/1.1\u0000",
        lastName: "\r\n",
        externalId: "\u0000",
      },
    }),
    codes: [...BAD, "OK"],
  },
  {
    name: "a million digits in the document",
    body: `{"query":"{ polls(first: ${"9".repeat(240_000)}) { totalCount } }"}`,
    codes: INVALID,
  },
  {
    name: "hundreds of thousands of digits in a variable",
    body: withVariables("query ($n: Int) { polls(first: $n) { totalCount } }", `{"n":${"9".repeat(240_000)}}`),
    codes: BAD,
  },
  {
    name: "a number with an exponent of its own",
    body: withVariables("query ($n: Int) { polls(first: $n) { totalCount } }", '{"n":1e999999}'),
    codes: BAD,
  },
  {
    name: "50,000 lists in a variable",
    body: withVariables(CONTACT, `{"id":${nest(DEEP, "[", "", "]")}}`),
    codes: BAD,
  },
  {
    name: "30,000 objects in a variable",
    body: withVariables(PEOPLE, `{"filter":${nest(30_000, '{"a":', "1", "}")}}`),
    codes: BAD,
  },
  {
    name: "50,000 lists beside the query",
    body: `{"query":"{ __typename }","extensions":${nest(DEEP, "[", "", "]")}}`,
    codes: BAD,
  },
  {
    name: "thousands of ids",
    body: asking("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {
      ids: Array.from({ length: 15_000 }, () => "co:1"),
    }),
    codes: [...BAD, ...COSTLY],
  },
  { name: "keys that are said twice", body: `{"query":"{ nothing }","query":"{ nothing2 }"}`, codes: INVALID },
];

/** Larger than any body may be. */
export const HUGE_BODIES: readonly HostileBody[] = [
  {
    name: "a million digits",
    body: `{"query":"{ polls(first: ${"9".repeat(1_000_000)}) { totalCount } }"}`,
    codes: BAD,
  },
  { name: "a document of two million letters", body: asking(`{ ${"a".repeat(2_000_000)} }`), codes: BAD },
  {
    name: "a million levels",
    body: `{"query":"{ __typename }","variables":${nest(1_000_000, "[", "", "]")}}`,
    codes: BAD,
  },
];
