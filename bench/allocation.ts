import { getHeapStatistics } from "node:v8";

// Loaded into every measured server that is a Node.js program (processes.ts): says, whenever it is asked, how many bytes
// its JavaScript heap has handed out since the start. Buffers' contents lie outside that heap and are not counted.

process.on("message", () => process.send?.(getHeapStatistics().total_allocated_bytes));
// Nothing of the server waits for it.
process.channel?.unref();
