import { BlockList, isIP } from "node:net";

// RFC 1122 §3.2.1.3 and RFC 4291 §2.5.3.
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Whether a host is this machine: `localhost`, `::1` or 127.0.0.0/8. It may come from a setting, a URL or a Host header
 * without port: in any letter case, with a final dot, and an IPv6 address with or without brackets.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/\.$/, "")
    .replace(/^\[(.*)\]$/, "$1");
  const family = isIP(name);
  return family === 0 ? name === "localhost" : LOOPBACK.check(name, family === 4 ? "ipv4" : "ipv6");
}
