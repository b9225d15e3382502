import { readFragment } from '../sdk/protocol';
import { API } from './api';
import { Attempts, storedAttempts } from './attempt';
import { readConfig } from './config';
import { h } from './dom';
import { Flow, inFlight, type State } from './flow';
import { PaymentForm } from './form';
import { icons } from './icons';
import { translator } from './messages';
import { formatMoney } from './money';
import { button, failureText, outcome } from './outcome';
import { Parent } from './parent';
import { applyAccent } from './theme';

const config = readConfig();
const t = translator(config.locale);
const { order, merchant } = config;
const amount = formatMoney(order.amount, order.currency, order.exponent, config.locale);
const fragment = readFragment(location.hash);
const parent = new Parent(config.parent_origin, fragment.nonce);
const attempts = new Attempts(parent.present
  ? { read: () => fragment.attempt, write: (attempt) => parent.send({ type: 'attempt', ...attempt }) }
  : storedAttempts(order.id));
applyAccent(config.accent);
document.title = `${t('pay_to', { merchant })} · ${amount}`;

/** Wakes whoever pauses, when the network is back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
  });
}

const flow = new Flow({
  api: new API(config), attempts, clock: { pause, now: () => performance.now() }, payable: order.payable, changed: show,
});

const form = new PaymentForm(config, t, amount, {
  submit: (instrument) => {
    parent.send({ type: 'event', name: 'payment_started', data: { method: instrument.method } });
    void flow.submit(instrument);
  },
  method: (method) => parent.send({ type: 'event', name: 'method_selected', data: { method } }),
});

const status = h('p', { class: 'sr', role: 'status' });
const view = h('div', { class: 'view' });
const app = document.getElementById('app') as HTMLElement;
app.className = 'card';
app.replaceChildren(
  h('header', { class: 'summary', 'data-test-id': 'order-summary' },
    h('p', { class: 'merchant' }, config.logo ? h('img', { class: 'logo', src: config.logo, alt: '', 'data-test-id': 'merchant-logo' }) : null, merchant, config.test ? h('span', { class: 'badge' }, t('test')) : null),
    h('h1', { tabindex: -1 }, h('span', { class: 'sr' }, `${t('pay_to', { merchant })}: `), h('span', { class: 'amount', 'data-test-id': 'order-amount' }, amount)),
    h('p', { class: 'order' }, `${t('order')} `, h('span', { 'data-test-id': 'order-id' }, order.id))),
  status, view,
  h('footer', { class: 'foot' }, icons.lock(), h('p', {}, config.test ? t('test_hint') : t('secure', { merchant }))),
);

let wasOffline = false;
let wasInFlight = false;

function show(state: State): void {
  const moving = inFlight(state);
  if (moving !== wasInFlight) parent.send({ type: 'busy', busy: moving });
  wasInFlight = moving;
  const offline = state.name === 'processing' && state.offline;
  if (offline !== wasOffline) parent.send({ type: 'event', name: offline ? 'network_lost' : 'network_back', data: {} });
  wasOffline = offline;
  if (!moving && leaving.open) leaving.close();

  switch (state.name) {
    case 'form': {
      view.replaceChildren(form.root);
      form.forget();
      form.notice(state.notice ? t(state.notice) : null);
      if (state.problem) {
        const text = state.problem.detail || t('problem_other');
        if (!form.refuse(state.problem, config.locale === 'en' ? readable(text) : t('problem_other'))) form.notice(t('problem_other'));
      }
      break;
    }
    case 'processing':
      processing(state.offline ? t('offline') : state.slow ? t('processing_slow') : t('processing_hint'));
      break;
    case 'action':
      parent.send({ type: 'event', name: 'payment_requires_action', data: { paymentId: state.paymentId } });
      action(state.url);
      break;
    case 'success': {
      const { payment } = state;
      parent.send({
        type: 'payment_success', paymentId: payment.payment_id, orderId: payment.order_id, status: payment.status,
        signature: payment.signature ?? '',
      });
      end(outcome({
        kind: 'good', testID: 'success-state', title: t('success'), titleTestID: 'success-message',
        text: t('success_to', { amount, merchant }), facts: [[t('payment_id'), payment.payment_id, 'payment-id']],
        actions: leaveButton(true, payment),
      }));
      break;
    }
    case 'failed': {
      const { payment } = state;
      const canceled = payment.status === 'canceled';
      const text = canceled ? t('expired_text') : failureText(payment, t);
      parent.send({
        type: 'payment_failed', paymentId: payment.payment_id, orderId: payment.order_id, status: payment.status,
        code: payment.failure_code ?? payment.status, message: text,
      });
      end(outcome({
        kind: 'bad', testID: 'error-state', title: canceled ? t('expired') : t('failed'), text, textTestID: 'error-message',
        note: canceled ? undefined : t('not_charged'), actions: [button(t('retry'), 'retry-button', true, again)],
      }));
      break;
    }
    case 'busy':
      end(outcome({ kind: 'info', testID: 'busy-state', title: t('busy'), text: t('busy_text'), actions: [button(t('check'), 'retry-button', true, again)] }));
      break;
    case 'paid':
      end(outcome({ kind: 'good', testID: 'paid-state', title: t('paid'), text: t('paid_text'), actions: leaveButton(true) }));
      break;
    case 'gone':
      parent.send({ type: 'error', code: 'expired', message: t('gone') });
      end(outcome({ kind: 'info', testID: 'expired-state', title: t('gone'), text: t('gone_text', { merchant }), actions: leaveButton(false) }));
      break;
  }
}

/** The server's sentences name fields as an API caller knows them. */
function readable(text: string): string {
  return text.replace(/\b(card\.)?(number|exp_month|exp_year|cvc|vpa|bank)\b/g, (_, _card, name: string) => ({
    number: t('card_number'), exp_month: t('expiry'), exp_year: t('expiry'), cvc: t('cvc'), vpa: t('vpa'), bank: t('bank'),
  }[name] ?? name));
}

function again(): void {
  flow.retry();
  form.focus();
}

/** The processing view is made once and its text changed, so that readers hear the change alone. */
const message = h('p', { class: 'lead', 'data-test-id': 'processing-message' });
const processingView = h('section', { class: 'result', 'data-test-id': 'processing-state' },
  h('div', { class: 'spinner', 'aria-hidden': 'true' }), h('h2', { tabindex: -1 }, t('processing')), message);

function processing(text: string): void {
  message.textContent = text;
  status.textContent = `${t('processing')} ${text}`;
  if (!processingView.isConnected) {
    view.replaceChildren(processingView);
    processingView.querySelector('h2')?.focus();
  }
}

/** The bank's own page, in a frame of the frame. Its end is seen at the payment, not at the page. */
function action(url: string): void {
  const target = new URL(url, location.href);
  const step = target.origin === location.origin
    ? h('iframe', { class: 'action', title: t('action_frame'), src: target.href, 'data-test-id': 'action-iframe' })
    : h('a', { class: 'primary', href: target.href, target: '_blank', rel: 'noopener' }, t('action_open'));
  status.textContent = t('action');
  const heading = h('h2', { tabindex: -1 }, t('action'));
  view.replaceChildren(h('section', { class: 'result', 'data-test-id': 'action-state' }, heading, h('p', { class: 'lead' }, t('action_hint')), step));
  heading.focus();
}

function end(section: HTMLElement): void {
  status.textContent = '';
  view.replaceChildren(section);
  section.querySelector('h2')?.focus();
}

/** The way out: back to the shop's page around us, or to the address that the shop gave. */
function leaveButton(finished: boolean, payment?: { payment_id: string; order_id: string; status: string; signature: string | null }): HTMLElement[] {
  if (parent.present) return [button(finished ? t('done') : t('close'), 'done-button', true, () => leave('done'))];
  if (!config.return_url) return [];
  const url = new URL(config.return_url);
  if (payment) {
    url.searchParams.set('payment_id', payment.payment_id);
    url.searchParams.set('order_id', payment.order_id);
    url.searchParams.set('status', payment.status);
    url.searchParams.set('signature', payment.signature ?? '');
  }
  return [h('a', { class: 'primary', href: url.href, 'data-test-id': 'return-link' }, t('back_to', { merchant }))];
}

function leave(reason: string): void {
  parent.send({ type: 'close_modal', reason });
}

let leaveReason = 'button';
const leaving = h('dialog', { class: 'leave', 'aria-labelledby': 'leave-title', 'aria-describedby': 'leave-text', 'data-test-id': 'leave-warning' },
  h('h2', { id: 'leave-title' }, t('leave')),
  h('p', { id: 'leave-text' }, t('leave_text')),
  button(t('leave_stay'), 'leave-stay-button', true, () => leaving.close()),
  button(t('leave_go'), 'leave-go-button', false, () => leave(leaveReason)));
document.body.append(leaving);

/** Closing is for the customer to decide while money is under way. */
function wantToLeave(reason: string): void {
  if (!inFlight(flow.state)) return leave(reason);
  parent.send({ type: 'close_pending' });
  leaveReason = reason;
  if (!leaving.open) leaving.showModal();
}

parent.listen((received) => {
  if (received.type === 'close_request') wantToLeave(received.reason);
  else if (received.type === 'init' && typeof received.prefill === 'object' && received.prefill !== null) form.prefill(received.prefill);
});

addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || leaving.open || !parent.present) return;
  event.preventDefault();
  wantToLeave('escape');
});

addEventListener('beforeunload', (event) => {
  if (inFlight(flow.state)) event.preventDefault();
});

if (parent.present) {
  const measure = () => parent.send({ type: 'resize', height: app.getBoundingClientRect().height });
  new ResizeObserver(measure).observe(app);
}

show(flow.state);
parent.send({ type: 'ready' });
void flow.resume();
