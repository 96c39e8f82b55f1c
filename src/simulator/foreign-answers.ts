import { type Answer, json } from "./exchange.ts";

function html(status: number, title: string, text: string): Answer {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n${text}\r\n</body>\r\n</html>\r\n`;
  return { status, body, contentType: "text/html; charset=utf-8" };
}

function redirect(location: string): Answer {
  return {
    ...html(302, "302 Found", `<p>You are being <a href="${location}">redirected</a>.</p>`),
    headers: { location },
  };
}

const PROBLEM = {
  type: "https://tools.ietf.org/html/rfc9110#section-15.5.5",
  title: "Not Found",
  status: 404,
  detail: "No record was found.",
};

/**
 * Answers of servers that are not the platform: a proxy, a gateway or a sign-in page in front of it, or another program
 * at a wrong base URL. None of them says anything about the platform's records.
 */
export const FOREIGN_ANSWERS = {
  "nginx-404": html(404, "404 Not Found", "<hr><center>nginx/1.27.3</center>"),
  "nginx-403": html(403, "403 Forbidden", "<hr><center>nginx/1.27.3</center>"),
  "nginx-500": html(500, "500 Internal Server Error", "<hr><center>nginx/1.27.3</center>"),
  "nginx-502": html(502, "502 Bad Gateway", "<hr><center>nginx/1.27.3</center>"),
  "apache-410": html(410, "410 Gone", "<p>The requested resource is no longer available on this server.</p>"),
  "kong-404": json(404, {
    message: "no Route matched with those values",
    request_id: "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
  }),
  "kong-403": json(403, { message: "You cannot consume this service" }),
  "kong-500": json(500, { message: "An unexpected error occurred", request_id: "0f1e2d3c4b5a69788796a5b4c3d2e1f0" }),
  "aws-404": json(404, { message: "Not Found" }),
  "aws-403": json(403, { message: "Missing Authentication Token" }),
  "aws-500": json(500, { message: "Internal Server Error" }),
  "cloudflare-404": json(404, {
    success: false,
    errors: [{ code: 7003, message: "Could not route to this path, perhaps your object identifier is invalid?" }],
    messages: [],
    result: null,
  }),
  "cloudflare-403": html(403, "Attention Required! | Cloudflare", "<p>Sorry, you have been blocked</p>"),
  "spring-404": json(404, {
    timestamp: "2026-03-14T19:26:53.895+00:00",
    status: 404,
    error: "Not Found",
    message: "No message available",
    path: "/api",
  }),
  "problem-404": { ...json(404, PROBLEM), contentType: "application/problem+json" },
  "text-404": { status: 404, body: "404 page not found\n", contentType: "text/plain; charset=utf-8" },
  "empty-404": { status: 404, body: "" },
  "sso-302": redirect("https://sso.example.com/login?return=%2F"),
  "portal-200": html(200, "Welcome to the guest network", "<p>Accept the terms to go online.</p>"),
  "other-json-200": json(200, { service: "inventory", healthy: true }),
} as const satisfies Readonly<Record<string, Answer>>;

export type ForeignAnswer = keyof typeof FOREIGN_ANSWERS;
