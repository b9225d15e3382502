// The dialog's style. It is adopted as a sheet made in script, which a strict style-src allows; where
// browsers are too old for that, a style element does.
//
// The panel's top stays where it is while its height follows the page inside: nothing jumps under the
// pointer, and Chromium drops clicks into a frame of another origin that has moved within the last half second.
const css = `
dialog.paygate-dialog{all:initial;position:fixed;inset:0;width:100%;height:100%;max-width:none;max-height:none;margin:0;padding:0;border:0;box-sizing:border-box;display:none;background:rgba(12,16,28,.62);color-scheme:light;overflow:hidden;z-index:2147483647}
dialog.paygate-dialog[open]{display:flex;align-items:flex-start;justify-content:center;padding-top:max(16px,min(12vh,50vh - 300px));animation:paygate-in .18s ease-out}
dialog.paygate-dialog::backdrop{background:transparent}
.paygate-panel{position:relative;box-sizing:border-box;display:block;width:440px;max-width:calc(100% - 32px);height:560px;max-height:calc(100% - 16px);border-radius:16px;overflow:hidden;background:#fff;box-shadow:0 24px 64px rgba(0,0,0,.32);transition:height .2s ease}
.paygate-panel iframe,.paygate-inline iframe{display:block;border:0;width:100%;height:100%;color-scheme:normal;background:transparent}
.paygate-inline{position:relative;min-height:320px}
.paygate-close{all:initial;position:absolute;top:6px;right:6px;z-index:2;width:44px;height:44px;border-radius:22px;cursor:pointer;display:flex;align-items:center;justify-content:center;color:#4b5563}
.paygate-close:hover{background:rgba(120,130,150,.16)}
.paygate-close:focus-visible{outline:3px solid #4f6bed;outline-offset:-3px}
.paygate-wait{position:absolute;inset:0;display:flex;flex-direction:column;gap:16px;align-items:center;justify-content:center;padding:32px;box-sizing:border-box;text-align:center;font:400 16px/1.5 system-ui,sans-serif;color:#374151;background:inherit}
.paygate-spin{width:36px;height:36px;border-radius:50%;border:3px solid rgba(120,130,150,.3);border-top-color:#4f6bed;animation:paygate-spin .8s linear infinite}
.paygate-again{all:initial;font:600 16px/44px system-ui,sans-serif;min-width:120px;height:44px;text-align:center;border-radius:10px;background:#3d56d6;color:#fff;cursor:pointer;padding:0 20px}
.paygate-again:focus-visible{outline:3px solid #4f6bed;outline-offset:2px}
.paygate-dark .paygate-panel{background:#161a24}
.paygate-dark .paygate-close,.paygate-dark .paygate-wait{color:#c3c9d6}
@media (max-width:520px){dialog.paygate-dialog[open]{padding-top:12px}.paygate-panel{width:100%;max-width:none;min-height:100%;max-height:none;border-radius:16px 16px 0 0}}
@media (prefers-reduced-motion:reduce){dialog.paygate-dialog[open],.paygate-panel{animation:none;transition:none}.paygate-spin{animation-duration:2.4s}}
@keyframes paygate-in{from{opacity:0}}
@keyframes paygate-spin{to{transform:rotate(1turn)}}
`;

let adopted = false;

export function adoptStyle(): void {
  if (adopted) return;
  adopted = true;
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  } catch {
    const style = document.createElement('style');
    style.textContent = css;
    document.head.append(style);
  }
}
