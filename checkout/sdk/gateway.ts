import { checkAttempt, newAttempt, randomToken, readAttempt, writeAttempt, type Attempt } from './attempt';
import { protocol, received, writeFragment, type FrameMessage, type ParentMessage } from './protocol';
import { adoptStyle } from './style';
import type { CheckoutEvent, CloseInfo, PaymentFailure, PaymentGatewayOptions, PaymentSuccess } from './types';

/** What `pay()` is rejected with. */
export class CheckoutError extends Error {
  readonly code: string;
  readonly paymentId: string | undefined;

  constructor(code: string, message: string, paymentId?: string) {
    super(message);
    this.name = 'CheckoutError';
    this.code = code;
    this.paymentId = paymentId;
  }
}

const texts = {
  en: { dialog: 'Payment', frame: 'Secure payment form', close: 'Close', loading: 'Loading secure payment…', failed: 'The payment page did not load. You have not been charged.', again: 'Try again' },
  hi: { dialog: 'भुगतान', frame: 'सुरक्षित भुगतान फ़ॉर्म', close: 'बंद करें', loading: 'सुरक्षित भुगतान लोड हो रहा है…', failed: 'भुगतान पेज लोड नहीं हुआ। आपसे कोई राशि नहीं ली गई है।', again: 'फिर कोशिश करें' },
};

/** How long the frame may take to say that it is ready: in all, and after the browser calls it loaded. */
const patience = 25_000;
const patienceAfterLoad = 6_000;
/** How long the frame may take to answer a wish to close. */
const closePatience = 1_500;

/** The one that shows a dialog; there is never a second. */
let shown: PaymentGateway | null = null;

interface Waiting {
  resolve: (result: PaymentSuccess) => void;
  reject: (error: CheckoutError) => void;
}

/** Shows the gateway's payment page, and tells what came of it. */
export class PaymentGateway {
  /** Where this script came from; set by the entry that is loaded. */
  static origin = '';

  #options: PaymentGatewayOptions;
  #base: string;
  #nonce = '';
  #attempt: Attempt = newAttempt();
  #root: HTMLElement | null = null;
  #dialog: HTMLDialogElement | null = null;
  #frame: HTMLIFrameElement | null = null;
  #wait: HTMLElement | null = null;
  #ready = false;
  #busy = false;
  #status: CloseInfo['status'] = 'idle';
  #failure: PaymentFailure | null = null;
  #waiting: Waiting[] = [];
  #timers: ReturnType<typeof setTimeout>[] = [];
  #closing: ReturnType<typeof setTimeout> | undefined;
  #overflow = '';
  #destroyed = false;

  constructor(options: PaymentGatewayOptions) {
    if (!options || typeof options.key !== 'string' || !options.key) {
      throw new TypeError('PaymentGateway: give your publishable key, as in { key: "key_…" }');
    }
    if (/^secret_/.test(options.key)) {
      throw new TypeError('PaymentGateway: this is a secret key. It must never reach a browser: revoke it, and give the publishable key (key_…)');
    }
    if (typeof options.orderId !== 'string' || !options.orderId) {
      throw new TypeError('PaymentGateway: give the order to be paid, as in { orderId: "order_…" }');
    }
    const base = options.baseUrl || PaymentGateway.origin;
    if (!base) throw new TypeError('PaymentGateway: say where the gateway is, as in { baseUrl: "https://pay.example" }');
    // A copy: whoever changes the object afterwards changes nothing here.
    this.#options = { ...options, prefill: { ...options.prefill } };
    this.#base = new URL(base, location.href).origin;
  }

  /** Shows the payment page. Does nothing when it is shown already. */
  open(): void {
    if (this.#destroyed) throw new Error('PaymentGateway: this one was destroyed; make another');
    if (this.#root) return;
    if (!this.#options.container) {
      if (shown) return;
      shown = this;
    }
    this.#nonce = randomToken();
    this.#keep(readAttempt(this.#options.orderId) ?? this.#attempt);
    this.#status = 'idle';
    this.#failure = null;
    addEventListener('message', this.#onMessage);
    addEventListener('beforeunload', this.#onUnload);
    adoptStyle();
    this.#mount();
    this.#load();
  }

  /**
   * Asks to close. While a payment is under way the customer is asked first, because closing does not
   * stop it.
   */
  close(): void {
    this.#requestClose('api');
  }

  /** Takes everything away at once, without a question or a callback. */
  destroy(): void {
    this.#destroyed = true;
    this.#unmount();
    this.#reject('destroyed', 'The payment page was taken away.');
  }

  /** Opens, and resolves when the payment is confirmed. It rejects with a CheckoutError when it is not. */
  pay(): Promise<PaymentSuccess> {
    return new Promise((resolve, reject) => {
      if (shown && shown !== this && !this.#options.container) {
        reject(new CheckoutError('already_open', 'Another payment page is open.'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      try {
        this.open();
      } catch (error) {
        this.#waiting = [];
        reject(error);
      }
    });
  }

  get #text() {
    const locale = this.#options.locale || navigator.language || 'en';
    return locale.toLowerCase().startsWith('hi') ? texts.hi : texts.en;
  }

  get #theme(): { mode: string; accent: string } {
    const { theme } = this.#options;
    return typeof theme === 'string' ? { mode: theme, accent: '' } : { mode: theme?.mode ?? 'auto', accent: theme?.accent ?? '' };
  }

  #mount(): void {
    const text = this.#text;
    const mode = this.#theme.mode;
    const dark = mode === 'dark' || (mode === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
    const panel = make('div', 'paygate-panel');
    this.#wait = make('div', 'paygate-wait');
    this.#wait.setAttribute('role', 'status');

    const { container } = this.#options;
    if (container) {
      const parent = typeof container === 'string' ? document.querySelector(container) : container;
      if (!parent) {
        removeEventListener('message', this.#onMessage);
        removeEventListener('beforeunload', this.#onUnload);
        throw new Error(`PaymentGateway: there is no ${String(container)} on this page`);
      }
      panel.className = `paygate-inline${dark ? ' paygate-dark' : ''}`;
      panel.append(this.#wait);
      parent.append(panel);
      this.#root = panel;
      return;
    }

    const close = make('button', 'paygate-close');
    close.setAttribute('type', 'button');
    close.setAttribute('aria-label', text.close);
    close.setAttribute('data-test-id', 'close-modal-button');
    close.append(cross());
    close.addEventListener('click', () => this.#requestClose('button'));

    const dialog = make('dialog', `paygate-dialog${dark ? ' paygate-dark' : ''}`) as HTMLDialogElement;
    dialog.setAttribute('data-test-id', 'payment-modal');
    dialog.setAttribute('aria-label', text.dialog);
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#requestClose('escape');
    });
    // Browsers close a dialog at the second Escape, whatever is said against it. A payment that is under
    // way brings it back, with its question.
    dialog.addEventListener('close', () => {
      if (this.#dialog !== dialog) return;
      if (!this.#busy) return this.#finishClose('escape');
      dialog.showModal();
      this.#requestClose('escape');
    });
    let pressed: EventTarget | null = null;
    dialog.addEventListener('pointerdown', (event) => { pressed = event.target; });
    dialog.addEventListener('click', (event) => {
      // Both ends of the click: selecting text and letting go outside is no wish to leave.
      if (event.target === dialog && pressed === dialog) this.#requestClose('backdrop');
    });
    panel.append(close, this.#wait);
    dialog.append(panel);
    document.body.append(dialog);
    this.#overflow = document.documentElement.style.overflow;
    document.documentElement.style.overflow = 'hidden';
    this.#dialog = dialog;
    this.#root = dialog;
    dialog.showModal();
  }

  /** Begins to load the page, for the first time or again. */
  #load(): void {
    const text = this.#text;
    this.#clearTimers();
    this.#frame?.remove();
    this.#ready = false;
    this.#wait?.replaceChildren(make('div', 'paygate-spin'), text.loading);
    const frame = document.createElement('iframe');
    frame.title = text.frame;
    frame.allow = 'payment; publickey-credentials-get';
    frame.setAttribute('data-test-id', 'payment-iframe');
    frame.src = this.#url();
    frame.addEventListener('load', () => this.#timers.push(setTimeout(() => this.#loadFailed(), patienceAfterLoad)));
    this.#timers.push(setTimeout(() => this.#loadFailed(), patience));
    this.#frame = frame;
    (this.#dialog ? this.#dialog.firstElementChild : this.#root)?.append(frame);
  }

  #url(): string {
    const { mode, accent } = this.#theme;
    const url = new URL(`/pay/${encodeURIComponent(this.#options.orderId)}`, this.#base);
    url.searchParams.set('key', this.#options.key);
    url.searchParams.set('embedded', '1');
    url.searchParams.set('origin', location.origin);
    if (mode !== 'auto') url.searchParams.set('theme', mode);
    if (accent) url.searchParams.set('accent', accent.replace('#', ''));
    if (this.#options.locale) url.searchParams.set('locale', this.#options.locale);
    url.hash = writeFragment(this.#nonce, this.#attempt);
    return url.href;
  }

  #loadFailed(): void {
    if (this.#ready || !this.#root) return;
    this.#clearTimers();
    const text = this.#text;
    const again = make('button', 'paygate-again');
    again.setAttribute('type', 'button');
    again.textContent = text.again;
    again.addEventListener('click', () => this.#load());
    this.#frame?.remove();
    this.#frame = null;
    this.#wait?.replaceChildren(text.failed, again);
    this.#fail({ code: 'load_failed', message: text.failed, orderId: this.#options.orderId, status: 'error' });
  }

  #onMessage = (event: MessageEvent): void => {
    const message = received<FrameMessage>(event, {
      source: this.#frame?.contentWindow, origin: this.#base, nonce: this.#nonce,
    });
    if (message) this.#take(message);
  };

  #onUnload = (event: BeforeUnloadEvent): void => {
    if (this.#busy) event.preventDefault();
  };

  #take(message: FrameMessage): void {
    const { orderId } = this.#options;
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#clearTimers();
        this.#wait?.replaceChildren();
        if (this.#wait) this.#wait.style.display = 'none';
        this.#send({ type: 'init', prefill: this.#options.prefill ?? {} });
        if (this.#dialog) this.#frame?.focus();
        this.#event('loaded', {});
        break;
      case 'resize':
        this.#resize(Number(message.height));
        break;
      case 'busy':
        this.#busy = message.busy === true;
        if (this.#busy) this.#status = 'processing';
        else if (this.#status === 'processing') this.#status = 'idle';
        break;
      case 'attempt': {
        const attempt = checkAttempt(message);
        if (attempt) this.#keep(attempt);
        break;
      }
      case 'close_pending':
        clearTimeout(this.#closing);
        break;
      case 'close_modal':
        this.#finishClose(closeReason(message.reason));
        break;
      case 'payment_success': {
        if (this.#status === 'success' || message.orderId !== orderId) break;
        this.#status = 'success';
        const result: PaymentSuccess = {
          paymentId: String(message.paymentId), orderId, status: String(message.status), signature: String(message.signature),
        };
        this.#event('payment_success', { paymentId: result.paymentId });
        this.#call(this.#options.onSuccess, result);
        for (const one of this.#waiting.splice(0)) one.resolve(result);
        break;
      }
      case 'payment_failed':
        if (this.#status === 'success') break;
        this.#status = 'failed';
        this.#fail({
          code: String(message.code), message: String(message.message), orderId,
          paymentId: String(message.paymentId), status: String(message.status),
        });
        break;
      case 'event':
        this.#event(message.name as CheckoutEvent, { ...message.data });
        break;
      case 'error':
        this.#fail({ code: String(message.code), message: String(message.message), orderId, status: 'error' });
        break;
    }
  }

  /** The frame cannot keep its attempt over a reload everywhere; this page can. */
  #keep(attempt: Attempt): void {
    this.#attempt = attempt;
    writeAttempt(this.#options.orderId, attempt);
  }

  #resize(height: number): void {
    if (!(height > 0)) return;
    const wanted = `${Math.min(Math.ceil(height), 4000)}px`;
    if (this.#dialog) (this.#dialog.firstElementChild as HTMLElement).style.height = wanted;
    else if (this.#root) this.#root.style.height = wanted;
  }

  /** Lets the frame decide, which knows whether money is under way; a frame that is silent decides nothing. */
  #requestClose(reason: CloseInfo['reason']): void {
    if (!this.#root) return;
    if (!this.#ready || !this.#frame) {
      this.#finishClose(reason);
      return;
    }
    clearTimeout(this.#closing);
    if (!this.#busy) this.#closing = setTimeout(() => this.#finishClose(reason), closePatience);
    this.#send({ type: 'close_request', reason });
    this.#frame.focus();
  }

  #finishClose(reason: CloseInfo['reason']): void {
    if (!this.#root) return;
    const info: CloseInfo = { reason, status: this.#status };
    const failure = this.#failure;
    this.#unmount();
    this.#event('closed', { ...info });
    this.#call(this.#options.onClose, info);
    if (failure) this.#reject(failure.code, failure.message, failure.paymentId);
    else this.#reject('closed', 'The payment page was closed.');
  }

  #unmount(): void {
    removeEventListener('message', this.#onMessage);
    removeEventListener('beforeunload', this.#onUnload);
    clearTimeout(this.#closing);
    this.#clearTimers();
    const { root, dialog } = { root: this.#root, dialog: this.#dialog };
    this.#root = this.#dialog = this.#frame = this.#wait = null;
    this.#nonce = '';
    this.#busy = this.#ready = false;
    if (shown === this) shown = null;
    if (dialog) {
      document.documentElement.style.overflow = this.#overflow;
      dialog.close(); // gives the focus back, which only works while it is in the page
    }
    root?.remove();
  }

  #clearTimers(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }

  #send(message: ParentMessage): void {
    this.#frame?.contentWindow?.postMessage({ ...message, paygate: protocol, nonce: this.#nonce }, this.#base);
  }

  #fail(failure: PaymentFailure): void {
    this.#failure = failure;
    this.#event(failure.status === 'error' ? 'error' : 'payment_failed', { code: failure.code });
    this.#call(this.#options.onFailure, failure);
  }

  #reject(code: string, message: string, paymentId?: string): void {
    for (const one of this.#waiting.splice(0)) one.reject(new CheckoutError(code, message, paymentId));
  }

  #event(name: CheckoutEvent, data: Record<string, unknown>): void {
    const { onEvent } = this.#options;
    if (onEvent) queueMicrotask(() => onEvent(name, data));
  }

  /** Calls back apart from our own work: what the shop's code throws is reported as the shop's. */
  #call<T>(callback: ((value: T) => void) | undefined, value: T): void {
    if (callback) queueMicrotask(() => callback(value));
  }
}

function closeReason(text: string): CloseInfo['reason'] {
  return text === 'escape' || text === 'backdrop' || text === 'button' || text === 'api' ? text : 'done';
}

function make(tag: string, className: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

function cross(): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('width', '20');
  svg.setAttribute('height', '20');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', 'M5 5l10 10M15 5L5 15');
  path.setAttribute('stroke', 'currentColor');
  path.setAttribute('stroke-width', '2');
  path.setAttribute('stroke-linecap', 'round');
  svg.append(path);
  return svg;
}
