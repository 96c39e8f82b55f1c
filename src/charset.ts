/**
 * The text of a body: decoded by the charset that its content type declares, or as UTF-16 if it begins with its byte
 * order mark. An unknown charset counts as UTF-8. A leading byte order mark is left out.
 */
export function toUtf8(body: Buffer, contentType: string): Buffer {
  const charset = charsetOf(body, contentType);
  if (charset !== "utf-8") {
    return Buffer.from(new TextDecoder(charset).decode(body));
  }
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** The charset's name in the Encoding Standard (https://encoding.spec.whatwg.org). */
export function charsetOf(body: Buffer, contentType: string): string {
  if (body[0] === 0xff && body[1] === 0xfe) {
    return "utf-16le";
  }
  if (body[0] === 0xfe && body[1] === 0xff) {
    return "utf-16be";
  }
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? "utf-8";
  if (label.toLowerCase() === "utf-8") {
    // Nearly always. A decoder costs more than reading the answer.
    return "utf-8";
  }
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "utf-8";
  }
}
