import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Creates a folder and those above it, for their owner only. Throws an error with `code` if that is impossible. Not
 * `mkdirSync` with `recursive`: below /proc, where nobody can create anything, it never returns.
 */
export function createFolders(path: string): void {
  if (existsSync(path)) {
    return;
  }
  createFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster, or it is no folder: then opening the file says so.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
      throw error;
    }
  }
}
