import type { Payment } from './api';
import { h } from './dom';
import { mark } from './icons';
import { catalogues, type MessageKey, type Translate } from './messages';

/** One end of the way: a mark, what happened, and what can be done now. */
export function outcome(options: {
  kind: 'good' | 'bad' | 'info';
  testID?: string;
  title: string;
  titleTestID?: string;
  text?: string;
  textTestID?: string;
  note?: string;
  facts?: [label: string, value: string, testID: string][];
  actions?: HTMLElement[];
}): HTMLElement {
  return h('section', { class: 'result', 'data-test-id': options.testID },
    mark(options.kind),
    h('h2', { tabindex: -1, 'data-test-id': options.titleTestID }, options.title),
    options.text ? h('p', { class: 'lead', 'data-test-id': options.textTestID }, options.text) : null,
    options.note ? h('p', { class: 'muted' }, options.note) : null,
    options.facts ? h('dl', { class: 'facts' }, ...options.facts.map(([label, value, testID]) =>
      h('div', {}, h('dt', {}, label), h('dd', { 'data-test-id': testID }, value)))) : null,
    ...(options.actions ?? []),
  );
}

/** Why a payment failed, in the customer's language where the reason is a known one. */
export function failureText(payment: Payment, t: Translate): string {
  const key = `failure_${payment.failure_code ?? ''}`;
  return t(key in catalogues.en ? (key as MessageKey) : 'failure_other');
}

export function button(text: string, testID: string, primary: boolean, act: () => void): HTMLButtonElement {
  const element = h('button', { type: 'button', class: primary ? 'primary' : 'secondary', 'data-test-id': testID }, text);
  element.addEventListener('click', act);
  return element;
}
