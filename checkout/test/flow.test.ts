import { expect, test } from 'vitest';
import type { API, Answer, Instrument, Payment } from '../page/api';
import { Attempts } from '../page/attempt';
import { Flow, type State } from '../page/flow';
import { checkAttempt, newAttempt, type Attempt } from '../sdk/attempt';

const upi: Instrument = { method: 'upi', vpa: 'name@bank' };
const lost: Answer = { lost: true };

function payment(status: Payment['status'], more: Partial<Payment> = {}): Answer {
  return {
    payment: {
      payment_id: 'pay_1', order_id: 'order_1', status, method: 'upi', failure_code: null, failure_message: null, action_url: null, signature: null,
      updated_at: status, ...more,
    },
  };
}

function problem(status: number, code: string, param?: string): Answer {
  return { problem: { status, code, detail: '', param, retryAfter: 0 } };
}

/** A server that answers by the book. */
function run(posts: Answer[], gets: Answer[], kept: Attempt | null = null, payable = true) {
  const asked: string[] = [];
  const states: string[] = [];
  let stored = kept;
  const api = {
    pay: async (key: string) => { asked.push(`POST ${key}`); return posts.shift() ?? lost; },
    attempt: async (key: string, after: string | null) => { asked.push(`GET ${key} ${after}`); return gets.shift() ?? lost; },
  } as unknown as API;
  const attempts = new Attempts({ read: () => stored, write: (attempt) => { stored = attempt; } });
  const flow = new Flow({
    api, attempts, payable, clock: { pause: async () => {}, now: () => 0 }, changed: (state: State) => states.push(state.name + ('offline' in state && state.offline ? ' offline' : '')),
  });
  return { flow, asked, states, attempts, stored: () => stored };
}

test('everything is asked under one key until the end', async () => {
  const t = run([lost, problem(503, 'unavailable'), payment('pending')], [payment('processing'), lost, payment('success')]);
  const { key } = t.attempts.current;
  await t.flow.submit(upi);
  expect(t.flow.state.name).toBe('success');
  expect(new Set(t.asked.map((line) => line.split(' ')[1]))).toEqual(new Set([key]));
  expect(t.asked.filter((line) => line.startsWith('POST'))).toHaveLength(3);
  expect(t.states).toContain('processing offline');
  expect(t.attempts.current.key).not.toBe(key);
});

test('the key is kept before anything is sent', async () => {
  const t = run([payment('failed', { failure_code: 'card_declined' })], []);
  const { key } = t.attempts.current;
  let atSending: Attempt | null = null;
  const flow = t.flow as unknown as { submit: (i: Instrument) => Promise<void> };
  const running = flow.submit(upi);
  atSending = t.stored();
  await running;
  expect(atSending).toEqual({ key, submitted: true });
});

test('a second submit while one is under way does nothing', async () => {
  const t = run([payment('success')], []);
  await Promise.all([t.flow.submit(upi), t.flow.submit(upi), t.flow.submit(upi)]);
  expect(t.asked).toHaveLength(1);
});

test('a page that is loaded again follows the same payment', async () => {
  const kept = { ...newAttempt(), submitted: true };
  const t = run([], [problem(404, 'not_found', 'attempt'), payment('processing'), payment('success')], kept);
  expect(t.flow.state.name).toBe('processing');
  await t.flow.resume();
  expect(t.flow.state.name).toBe('success');
  expect(t.asked.every((line) => line.startsWith(`GET ${kept.key}`))).toBe(true);
});

test('an attempt that never arrived keeps its key', async () => {
  const kept = { ...newAttempt(), submitted: true };
  const t = run([payment('success')], Array.from({ length: 20 }, () => problem(404, 'not_found', 'attempt')), kept);
  await t.flow.resume();
  expect(t.flow.state).toEqual({ name: 'form', notice: 'not_started' });
  await t.flow.submit(upi);
  expect(t.asked.at(-1)).toBe(`POST ${kept.key}`);
});

test('a key that was used by an earlier request leads to that payment', async () => {
  const t = run([problem(422, 'idempotency_key_reused')], [payment('success')]);
  await t.flow.submit(upi);
  expect(t.flow.state.name).toBe('success');
});

test.each([
  ['order_already_paid', 409, 'paid'], ['order_payment_in_progress', 409, 'busy'], ['credentials_invalid', 401, 'gone'], ['not_found', 404, 'gone'], ['invalid_card', 400, 'form'],
])('%s', async (code, status, state) => {
  const t = run([problem(status, code, 'card.number')], []);
  await t.flow.submit(upi);
  expect(t.flow.state.name).toBe(state);
});

test('a step of the customer, and its end', async () => {
  const t = run([payment('pending')], [payment('requires_action', { action_url: '/a' }), payment('requires_action', { action_url: '/a' }), payment('processing'), payment('canceled')]);
  await t.flow.submit(upi);
  expect(t.states.filter((name) => name === 'action')).toHaveLength(1);
  expect(t.flow.state.name).toBe('failed');
});

test('what is no attempt is none', () => {
  for (const value of [null, undefined, 1, {}, { key: 'x' }, { key: 'G'.repeat(32) }, []]) expect(checkAttempt(value)).toBeNull();
});
