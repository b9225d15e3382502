import type { Instrument, Problem } from './api';
import { brandOf, cvcLength, cvcProblem, digitsOf, expiryProblem, formatExpiry, formatNumber, numberProblem, parseExpiry } from './card';
import type { Config } from './config';
import { h } from './dom';
import { Field } from './field';
import { brandMark, brandNames, icons } from './icons';
import type { Translate } from './messages';
import { formatWhileTyping } from './typing';
import { vpaProblem } from './vpa';

export type Method = Instrument['method'];

const methods: Method[] = ['card', 'upi', 'netbanking'];

/** What is paid with. It stays while a payment is under way, so that a retry need not type all again. */
export class PaymentForm {
  readonly root: HTMLFormElement;
  #method: Method = 'card';
  #panels: Record<Method, HTMLElement>;
  #radios: Record<Method, HTMLInputElement>;
  #notice: HTMLElement;
  #number: Field;
  #expiry: Field;
  #cvc: Field;
  #holder: HTMLInputElement;
  #vpa: Field;
  #bank: Field<HTMLSelectElement>;
  #selected: (method: Method) => void;

  constructor(config: Config, t: Translate, amount: string, on: { submit: (instrument: Instrument) => void; method: (method: Method) => void }) {
    this.#selected = on.method;
    const input = (id: string, testID: string, attributes: Record<string, string | number | boolean>) =>
      h('input', { id, 'data-test-id': testID, type: 'text', spellcheck: 'false', autocapitalize: 'none', 'aria-required': 'true', ...attributes });

    const brand = h('span', { class: 'trailing' }, brandMark('unknown'));
    const brandName = h('span', { class: 'sr', 'aria-live': 'polite' });
    this.#number = new Field({
      control: input('card-number', 'card-number-input', { inputmode: 'numeric', autocomplete: 'cc-number', placeholder: '1234 1234 1234 1234', maxlength: 23 }),
      label: t('card_number'), trailing: brand,
      check: (value) => { const p = numberProblem(value); return p && t(`number_${p}`); },
    });
    this.#expiry = new Field({
      control: input('card-expiry', 'expiry-input', { inputmode: 'numeric', autocomplete: 'cc-exp', placeholder: t('expiry_hint'), maxlength: 9 }),
      label: t('expiry'), class: 'half',
      check: (value) => { const p = expiryProblem(value, new Date()); return p && t(`expiry_${p}`); },
    });
    const where = h('span', {}, t('cvc_where', { n: 3 }));
    this.#cvc = new Field({
      control: input('card-cvc', 'cvv-input', { inputmode: 'numeric', autocomplete: 'cc-csc', placeholder: '123', maxlength: 4 }),
      label: t('cvc'), class: 'half', hint: where,
      check: (value) => {
        const p = cvcProblem(value, this.#number.control.value);
        return p && t(`cvc_${p}`, { n: cvcLength(this.#number.control.value) });
      },
    });
    this.#holder = input('card-holder', 'cardholder-name-input', { autocomplete: 'cc-name', autocapitalize: 'words', maxlength: 100, 'aria-required': 'false' });
    const holder = new Field({ control: this.#holder, label: t('holder'), check: () => null });
    this.#vpa = new Field({
      control: input('upi-vpa', 'vpa-input', { inputmode: 'email', autocomplete: 'off', placeholder: 'name@bank', maxlength: 321 }),
      label: t('vpa'), hint: t('vpa_hint'),
      check: (value) => { const p = vpaProblem(value); return p && t(`vpa_${p}`); },
    });
    this.#bank = new Field({
      control: h('select', { id: 'bank', 'data-test-id': 'bank-select', 'aria-required': 'true' },
        h('option', { value: '' }, t('bank_choose')), ...config.banks.map(({ code, name }) => h('option', { value: code }, name))),
      label: t('bank'), hint: t('bank_hint'),
      check: (value) => (value ? null : t('bank_required')),
    });

    const number = this.#number.control;
    formatWhileTyping(number, formatNumber);
    formatWhileTyping(this.#expiry.control, formatExpiry);
    formatWhileTyping(this.#cvc.control, (text) => digitsOf(text).slice(0, cvcLength(number.value)));
    let last = '';
    number.addEventListener('input', () => {
      const now = brandOf(number.value);
      if (now === last) return;
      last = now;
      brand.replaceChildren(brandMark(now));
      brandName.textContent = brandNames[now];
      where.textContent = now === 'amex' ? t('cvc_where_amex') : t('cvc_where', { n: 3 });
      this.#cvc.control.placeholder = now === 'amex' ? '1234' : '123';
    });

    this.#panels = {
      card: h('div', { class: 'panel', 'data-test-id': 'card-form' },
        this.#number.root, brandName, h('div', { class: 'row' }, this.#expiry.root, this.#cvc.root), holder.root),
      upi: h('div', { class: 'panel', 'data-test-id': 'upi-form' }, this.#vpa.root),
      netbanking: h('div', { class: 'panel', 'data-test-id': 'netbanking-form' }, this.#bank.root),
    };
    const radio = (method: Method) => h('input', { type: 'radio', name: 'method', value: method, checked: method === this.#method });
    this.#radios = { card: radio('card'), upi: radio('upi'), netbanking: radio('netbanking') };
    const choice = (method: Method) => {
      this.#radios[method].addEventListener('change', () => this.select(method));
      return h('label', { class: 'method', 'data-test-id': `method-${method}` },
        this.#radios[method], h('span', { class: 'face' }, icons[method](), h('span', {}, t(method))));
    };

    this.#notice = h('p', { class: 'notice', role: 'alert', hidden: true });
    this.root = h('form', { novalidate: true, class: 'form' },
      this.#notice,
      h('fieldset', { class: 'methods', 'data-test-id': 'payment-methods' }, h('legend', {}, t('methods')), ...methods.map(choice)),
      ...methods.map((method) => this.#panels[method]),
      h('button', { type: 'submit', class: 'primary', 'data-test-id': 'pay-button' }, icons.lock(), h('span', {}, t('pay', { amount }))),
    );
    this.root.addEventListener('submit', (event) => {
      event.preventDefault();
      const instrument = this.#read();
      if (instrument) on.submit(instrument);
    });
    this.#reveal();
  }

  select(method: Method): void {
    if (method === this.#method) return;
    this.#method = method;
    this.#radios[method].checked = true;
    this.notice(null);
    this.#reveal();
    this.#selected(method);
  }

  /** Fills in what the shop knows. It is the shop's text, so it is taken as text, within bounds. */
  prefill(known: Record<string, unknown>): void {
    const text = (name: string) => (typeof known[name] === 'string' ? (known[name] as string).slice(0, 100) : '');
    if (!this.#holder.value) this.#holder.value = text('name');
    if (!this.#vpa.control.value) this.#vpa.control.value = text('vpa');
    const bank = text('bank');
    if (bank && [...this.#bank.control.options].some((option) => option.value === bank)) this.#bank.control.value = bank;
    const method = methods.find((one) => one === known['method']);
    if (method) this.select(method);
  }

  notice(text: string | null): void {
    this.#notice.hidden = text === null;
    this.#notice.replaceChildren(...(text === null ? [] : [icons.alert(), h('span', {}, text)]));
  }

  /** Shows what the server found wrong, at the field if it is one's fault; true when it was. */
  refuse(problem: Problem, text: string): boolean {
    const field = {
      'card.number': this.#number, 'card.exp_month': this.#expiry, 'card.exp_year': this.#expiry, 'card.cvc': this.#cvc,
      vpa: this.#vpa, bank: this.#bank,
    }[problem.param ?? ''];
    if (!field) return false;
    field.show(text);
    field.control.focus();
    return true;
  }

  /** Forgets the security code, which is good for one attempt. */
  forget(): void {
    this.#cvc.control.value = '';
    this.#cvc.show(null);
  }

  focus(): void {
    this.#radios[this.#method].focus();
  }

  #reveal(): void {
    for (const method of methods) this.#panels[method].hidden = method !== this.#method;
  }

  /** What is to be paid with; null when something is missing, which is then shown. */
  #read(): Instrument | null {
    const fields = { card: [this.#number, this.#expiry, this.#cvc], upi: [this.#vpa], netbanking: [this.#bank] }[this.#method];
    const wrong = fields.filter((field) => !field.validate());
    if (wrong[0]) {
      wrong[0].control.focus();
      return null;
    }
    switch (this.#method) {
      case 'card': {
        const expiry = parseExpiry(this.#expiry.control.value);
        if (!expiry) return null;
        const card = {
          number: digitsOf(this.#number.control.value), exp_month: expiry.month, exp_year: expiry.year, cvc: digitsOf(this.#cvc.control.value),
        };
        const holder = this.#holder.value.trim();
        return { method: 'card', card: holder ? { ...card, holder_name: holder } : card };
      }
      case 'upi':
        return { method: 'upi', vpa: this.#vpa.control.value.trim() };
      case 'netbanking':
        return { method: 'netbanking', bank: this.#bank.control.value };
    }
  }
}
