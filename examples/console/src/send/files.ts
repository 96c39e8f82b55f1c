import { adviceOnError } from "@textgraph/client";
import type { Credentials } from "../credentials.ts";
import { strings } from "../strings.ts";
import { reportOf } from "./report.ts";

// The files of jobs, which the graph takes and gives at addresses of their own (docs/jobs.md).

/** A list that the graph has read. It keeps it for a day. */
export interface Upload {
  /** Of the file; what it is called here. */
  readonly name: string;
  readonly uploadId: string;
  readonly rowCount: number;
  readonly placeholders: readonly string[];
  readonly badRowCount: number;
}

/** A file was not taken. The message is for the person who chose it. */
export class FileError extends Error {
  override readonly name = "FileError";
}

const WORKBOOK = /\.(xlsx?|xlsm|ods|numbers)$/i;

/** Gives a list to the graph. Throws FileError. */
export async function uploadFile(credentials: Credentials, file: File): Promise<Upload> {
  if (WORKBOOK.test(file.name)) {
    throw new FileError(strings.send.notCsv);
  }
  return upload(credentials, file, { name: file.name, type: `text/csv${await charsetOf(file)}` });
}

/** Gives numbers to the graph that somebody pasted, one in each line, or rows with a header. Throws FileError. */
export function uploadPasted(credentials: Credentials, pasted: string): Promise<Upload> {
  // A first line with letters is a header; otherwise each line, or each part of it, is a number.
  const hasHeader = /\p{L}/u.test(pasted.trim().split("\n")[0] ?? "");
  const body = hasHeader ? pasted : pasted.replace(/[,;\t]/g, "\n");
  const type = hasHeader ? "text/csv" : "text/csv; header=absent";
  return upload(credentials, body, { name: strings.send.pasted, type });
}

/** Saves a job's rows with their outcomes as a file. Throws FileError. */
export async function downloadReport(credentials: Credentials, path: string, fileName: string): Promise<void> {
  const response = await request(credentials, path, {}, strings.send.reportFailed);
  const report = new Blob([reportOf(await response.text())], { type: "text/csv" });
  const url = URL.createObjectURL(report);
  const link = Object.assign(document.createElement("a"), { href: url, download: fileName });
  link.click();
  URL.revokeObjectURL(url);
}

async function upload(
  credentials: Credentials,
  body: Blob | string,
  { name, type }: { readonly name: string; readonly type: string },
): Promise<Upload> {
  const init = { method: "POST", body, headers: { "content-type": type } };
  const response = await request(credentials, "/jobs", init, strings.send.uploadFailed);
  const { uploadId, rowCount, placeholders, refusals } = await response.json();
  return { name, uploadId, rowCount, placeholders, badRowCount: refusals.length };
}

async function request(
  { url, key }: Credentials,
  path: string,
  init: { readonly headers?: Readonly<Record<string, string>> } & RequestInit,
  failed: string,
): Promise<Response> {
  const headers = { ...init.headers, ...(key !== "" && { authorization: `Bearer ${key}` }) };
  const response = await fetch(new URL(path, url), { ...init, headers }).catch(() => null);
  if (response === null) {
    throw new FileError(failed);
  }
  if (!response.ok) {
    const { errors } = await response.json().catch(() => ({}));
    const code: string | undefined = errors?.[0]?.extensions?.code;
    // What is wrong with a file, the graph says in whole sentences.
    const isAboutFile = response.status === 400 && typeof errors?.[0]?.message === "string";
    throw new FileError(isAboutFile ? errors[0].message : code === undefined ? failed : adviceOnError(code).show);
  }
  return response;
}

/** Spreadsheet programs of Western countries save other files than UTF-8 as windows-1252. UTF-16 is told by its mark. */
async function charsetOf(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return isUtf16 ? "" : "; charset=windows-1252";
  }
  return "";
}
