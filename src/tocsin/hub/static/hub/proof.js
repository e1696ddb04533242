// Looks for a number so that SHA-256 of "challenge:number" begins with enough zero bits. SHA-256 (FIPS 180-4) is
// written out here: browsers offer theirs to pages over https only, and one call at a time.
const K = new Uint32Array(64);
const START = new Uint32Array(8);
(() => {
  let found = 0;
  for (let number = 2; found < 64; number += 1) {
    let prime = true;
    for (let by = 2; by * by <= number; by += 1) if (number % by === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = (Math.sqrt(number) % 1) * 2 ** 32;
    K[found] = (Math.cbrt(number) % 1) * 2 ** 32;
    found += 1;
  }
})();

const W = new Uint32Array(64);
const state = new Uint32Array(8);
const turn = (x, by) => (x >>> by) | (x << (32 - by));

function block(bytes, at) {
  for (let i = 0; i < 16; i += 1) {
    const j = at + i * 4;
    W[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const a = W[i - 15];
    const b = W[i - 2];
    W[i] = (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + W[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + W[i - 16];
  }
  let a = state[0] | 0; let b = state[1] | 0; let c = state[2] | 0; let d = state[3] | 0;
  let e = state[4] | 0; let f = state[5] | 0; let g = state[6] | 0; let h = state[7] | 0;
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

// Bytes of a text of ASCII characters, padded as SHA-256 asks.
function padded(text) {
  const size = (((text.length + 8) >> 6) + 1) << 6;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  bytes[text.length] = 0x80;
  new DataView(bytes.buffer).setUint32(size - 4, text.length * 8);
  return bytes;
}

function zeros(words) {
  let count = 0;
  for (const word of words) {
    const here = Math.clz32(word);
    count += here;
    if (here < 32) break;
  }
  return count;
}

// Whole blocks of what stands before the number are the same each time: they are worked through once.
function search(begun, bits) {
  const done = begun.length - (begun.length % 64);
  state.set(START);
  const head = padded(begun);
  for (let at = 0; at < done; at += 64) block(head, at);
  const halfway = state.slice();
  for (let digits = 1; ; digits += 1) {
    const bytes = padded(begun + "0".repeat(digits));
    const end = begun.length + digits;
    for (let tried = 0; tried < 10 ** digits; tried += 1) {
      state.set(halfway);
      for (let at = done; at < bytes.length; at += 64) block(bytes, at);
      if (zeros(state) >= bits) return String.fromCharCode(...bytes.subarray(0, end));
      let place = end - 1;
      while (place >= begun.length && bytes[place] === 57) bytes[place--] = 48;
      if (place >= begun.length) bytes[place] += 1;
    }
  }
}

self.addEventListener("message", (event) => {
  const { challenge, bits } = event.data;
  self.postMessage(search(`${challenge}:`, bits));
});
