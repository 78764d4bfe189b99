// What `holdfast mcp` loads: a bundle of its own, so that no other command pays for it.
export { serveAgent } from './serve-agent.ts';
