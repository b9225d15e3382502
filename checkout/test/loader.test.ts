// @vitest-environment jsdom
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => { vi.resetModules(); vi.unstubAllGlobals(); document.head.replaceChildren(); });

async function loader() {
  const { loadPaymentGateway } = await import('../sdk/loader');
  return loadPaymentGateway;
}

/** Answers the scripts that are added, one after the other. */
function network(...outcomes: ('load' | 'error')[]) {
  const seen: HTMLScriptElement[] = [];
  vi.spyOn(document.head, 'append').mockImplementation((script) => {
    seen.push(script as HTMLScriptElement);
    const outcome = outcomes.shift();
    queueMicrotask(() => {
      if (outcome === 'load') vi.stubGlobal('PaymentGateway', class {});
      (script as HTMLScriptElement).dispatchEvent(new Event(outcome ?? 'error'));
    });
  });
  return seen;
}

test('null on a server', async () => {
  const load = await loader();
  vi.stubGlobal('window', undefined);
  expect(await load({ src: 'https://pay.example/checkout.js' })).toBeNull();
});

test('one script for many calls, and another try after a failure', async () => {
  vi.useFakeTimers();
  const seen = network('error', 'load');
  const load = await loader();
  const calls = [load({ src: 'https://pay.example/checkout.js' }), load({ src: 'https://pay.example/checkout.js' })];
  await vi.runAllTimersAsync();
  const [one, two] = await Promise.all(calls);
  expect(one).toBe(two);
  expect(seen).toHaveLength(2);
  vi.useRealTimers();
});

test('a load that failed for good can be asked for again', async () => {
  network('error', 'load');
  const load = await loader();
  await expect(load({ src: 'https://pay.example/checkout.js', retries: 0 })).rejects.toThrow(/did not load/);
  expect(await load({ src: 'https://pay.example/checkout.js', retries: 0 })).toBeTypeOf('function');
});

test('a pinned version is checked', async () => {
  const seen = network('load');
  const load = await loader();
  await load({ src: 'https://pay.example/checkout.v1.js', integrity: 'sha384-x' });
  expect(seen[0]?.integrity).toBe('sha384-x');
  expect(seen[0]?.crossOrigin).toBe('anonymous');
});
