import { h } from './dom';

/** A labelled control with a hint, and an error that readers hear with it. */
export class Field<T extends HTMLInputElement | HTMLSelectElement = HTMLInputElement> {
  readonly control: T;
  readonly root: HTMLElement;
  #error: HTMLElement;
  #hintID: string | null;
  #check: (value: string) => string | null;
  #touched = false;

  constructor(options: {
    control: T;
    label: string;
    hint?: HTMLElement | string;
    /** Beside the control, inside its frame. */
    trailing?: Element;
    class?: string;
    check: (value: string) => string | null;
  }) {
    const { control } = options;
    this.control = control;
    this.#check = options.check;
    this.#error = h('p', { class: 'error', id: `${control.id}-error`, hidden: true });
    const hint = options.hint ? h('p', { class: 'hint', id: `${control.id}-hint` }, options.hint) : null;
    this.#hintID = hint?.id ?? null;
    this.root = h('div', { class: `field ${options.class ?? ''}` },
      h('label', { for: control.id }, options.label),
      h('div', { class: 'control' }, control, options.trailing),
      hint, this.#error);
    this.#describe(false);
    control.addEventListener('blur', () => {
      // Leaving a field empty is no mistake yet: the customer may come back.
      if (control.value.trim() !== '') this.validate();
    });
    // What was called wrong is called right as soon as it is; nothing is called wrong while it is typed.
    control.addEventListener(control instanceof HTMLSelectElement ? 'change' : 'input', () => {
      if (this.#touched && this.#check(control.value) === null) this.show(null);
    });
  }

  /** Shows what is wrong, if anything; true when nothing is. */
  validate(): boolean {
    const problem = this.#check(this.control.value);
    this.show(problem);
    return problem === null;
  }

  show(problem: string | null): void {
    this.#touched = problem !== null;
    this.#error.hidden = problem === null;
    this.#error.textContent = problem ?? '';
    this.control.setAttribute('aria-invalid', String(problem !== null));
    this.#describe(problem !== null);
  }

  #describe(wrong: boolean): void {
    const ids = [wrong ? this.#error.id : null, this.#hintID].filter(Boolean).join(' ');
    if (ids) this.control.setAttribute('aria-describedby', ids);
    else this.control.removeAttribute('aria-describedby');
  }
}
