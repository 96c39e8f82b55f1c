/**
 * The text of a message's body as UTF-8: from the charset that its content type declares, or from UTF-16 if a byte order
 * mark says so. A charset that nobody knows is taken for UTF-8. A leading byte order mark is left out.
 */
export function toUtf8(body: Buffer, contentType: string): Buffer {
  const charset = charsetOf(body, contentType);
  if (charset !== "utf-8") {
    return Buffer.from(new TextDecoder(charset).decode(body));
  }
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** The charset by its name in the WHATWG's Encoding Standard. */
export function charsetOf(body: Buffer, contentType: string): string {
  if (body[0] === 0xff && body[1] === 0xfe) {
    return "utf-16le";
  }
  if (body[0] === 0xfe && body[1] === 0xff) {
    return "utf-16be";
  }
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "utf-8";
  }
}
