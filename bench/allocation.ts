import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into every measured server that is a Node.js program (processes.ts): says, whenever it is asked, how many bytes
// its JavaScript heap has handed out since the start, or holds after a collection of garbage. Buffers' contents lie outside
// that heap and are not counted.

process.on("message", (what) => process.send?.(what === "live" ? live() : getHeapStatistics().total_allocated_bytes));
// Nothing of the server waits for it.
process.channel?.unref();

function live(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return getHeapStatistics().used_heap_size;
}
