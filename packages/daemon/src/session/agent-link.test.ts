import fs from 'node:fs';
import { expect, test } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { AgentLink } from './agent-link.ts';

test('the link is made where it must be, moved to another agent, and removed', () => {
  using scratch = new Scratch();
  const link = new AgentLink(scratch.path('agents'), 'one');
  link.pointAt('/tmp/agent.1');
  expect(fs.readlinkSync(link.path)).toBe('/tmp/agent.1');
  expect(fs.statSync(scratch.path('agents')).mode & 0o777).toBe(0o700);
  link.pointAt('/tmp/agent.2');
  expect(fs.readlinkSync(link.path)).toBe('/tmp/agent.2');
  expect(fs.readdirSync(scratch.path('agents'))).toEqual(['one']);
  link.remove();
  link.remove();
  expect(fs.readdirSync(scratch.path('agents'))).toEqual([]);
});

test('what a daemon left behind when it was killed in between is no obstacle', () => {
  using scratch = new Scratch();
  fs.symlinkSync('/nowhere', scratch.path('one.new'));
  new AgentLink(scratch.folder, 'one').pointAt('/tmp/agent');
  expect(fs.readdirSync(scratch.folder)).toEqual(['one']);
});

test('a link never leads to itself, also not over the link of another session', () => {
  using scratch = new Scratch();
  const [one, other] = [new AgentLink(scratch.folder, 'one'), new AgentLink(scratch.folder, 'other')];
  one.pointAt('/tmp/agent');
  one.pointAt(one.path);
  expect(fs.readlinkSync(one.path)).toBe('/tmp/agent');
  // Each is attached from inside the other.
  other.pointAt(one.path);
  one.pointAt(other.path);
  expect([fs.readlinkSync(one.path), fs.readlinkSync(other.path)]).toEqual(['/tmp/agent', one.path]);
  fs.symlinkSync('round', scratch.path('round'));
  one.pointAt(scratch.path('round'));
  expect(fs.readlinkSync(one.path)).toBe('/tmp/agent');
});

test('a relative path, and a link whose own path would be too long for a socket, are left alone', () => {
  using scratch = new Scratch();
  const link = new AgentLink(scratch.folder, 'one');
  link.pointAt('agent');
  const long = new AgentLink(scratch.path('x'.repeat(100)), 'one');
  expect([link.isUsable, long.isUsable]).toEqual([true, false]);
  long.pointAt('/tmp/agent');
  expect(fs.readdirSync(scratch.folder)).toEqual([]);
});
