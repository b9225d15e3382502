import { protocol, received, type FrameMessage, type ParentMessage } from '../sdk/protocol';

/** The shop's page that frames this one, or nobody. */
export class Parent {
  #origin: string;
  #nonce: string;

  constructor(origin: string, nonce: string) {
    // Framed by nobody, or not told by whom: nobody to talk to.
    this.#origin = window.parent === window ? '' : origin;
    this.#nonce = nonce;
  }

  get present(): boolean {
    return this.#origin !== '';
  }

  /** Only ever to the origin that the server has checked. */
  send(message: FrameMessage): void {
    if (this.present) window.parent.postMessage({ ...message, paygate: protocol, nonce: this.#nonce }, this.#origin);
  }

  listen(take: (message: ParentMessage) => void): void {
    if (!this.present) return;
    addEventListener('message', (event) => {
      const message = received<ParentMessage>(event, { source: window.parent, origin: this.#origin, nonce: this.#nonce });
      if (message) take(message);
    });
  }
}
