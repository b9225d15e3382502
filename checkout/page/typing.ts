/**
 * Formats what is typed, leaving the caret behind the same digit. Deleting a separator deletes the digit
 * before it: otherwise the separator would come back at once, and Backspace seem broken.
 */
export function formatWhileTyping(input: HTMLInputElement, format: (text: string, deleting: boolean) => string): void {
  let before = input.value;
  input.addEventListener('input', (event) => {
    const deleting = event instanceof InputEvent && event.inputType.startsWith('delete');
    const backward = event instanceof InputEvent && event.inputType === 'deleteContentBackward';
    const caret = input.selectionStart ?? input.value.length;
    let digits = count(input.value.slice(0, caret));
    let text = input.value;
    if (backward && count(text) === count(before) && digits > 0) {
      text = dropDigit(text, digits);
      digits--;
    }
    const atEnd = caret === input.value.length;
    const formatted = format(text, deleting);
    before = formatted;
    if (formatted !== input.value) {
      input.value = formatted;
      const place = atEnd ? formatted.length : behindDigit(formatted, digits);
      if (document.activeElement === input) input.setSelectionRange(place, place);
    }
  });
}

function count(text: string): number {
  return text.replace(/\D/g, '').length;
}

function behindDigit(text: string, digits: number): number {
  for (let i = 0, seen = 0; i < text.length; i++) {
    if (seen === digits) return i;
    if (/\d/.test(text[i] ?? '')) seen++;
  }
  return text.length;
}

function dropDigit(text: string, nth: number): string {
  let seen = 0;
  return text.replace(/\d/g, (digit) => (++seen === nth ? '' : digit));
}
