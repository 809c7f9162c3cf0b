// Answers a copy out of the article as the policy says: a few words are left alone, short passages go whole with their
// source, long ones as a beginning with a mark, the notice and the two ways forward. Selection, keyboard, context menu
// and form fields are left alone too. What was copied stays here; only its length is told to the server.

const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
// A picture has rights of its own and does not travel with a passage.
const LEFT_OUT = "share-button, button, script, style, template, img, picture, svg, [hidden], .share-top, .share-side";
const KEPT_ATTRIBUTES = ["href", "lang", "dir", "cite", "datetime", "colspan", "rowspan"];
const BLOCKS = new Set(
  "ADDRESS ARTICLE ASIDE BLOCKQUOTE DD DIV DL DT FIGCAPTION FIGURE FOOTER H1 H2 H3 H4 H5 H6 HEADER HR LI OL P PRE SECTION TABLE TR UL".split(" "),
);
const SPACES = /[ \t\r\n\f]+/g;
const WORD_AT_MOST = 40;
const PAUSES = [1000, 3000, 10000, 30000];

// Reads a fragment as people would write it, an empty line between blocks, and takes away what lies past `most`
// Unicode code points.
class Passage {
  constructor(fragment, most = Infinity) {
    this.left = most;
    this.text = "";
    this.gap = "";
    this.walk(fragment);
    this.length = [...this.text].length;
  }

  walk(node) {
    if (this.left <= 0) return node.remove();
    if (node.nodeType === Node.TEXT_NODE) return this.write(node);
    if (node.nodeName === "BR" && this.text) return void (this.gap ||= "\n");
    const block = BLOCKS.has(node.nodeName);
    if (block && this.text) this.gap = "\n\n";
    for (const child of [...node.childNodes]) this.walk(child);
    if (block && this.text) this.gap = "\n\n";
  }

  write(node) {
    let data = node.parentElement?.closest("pre") ? node.data : node.data.replace(SPACES, " ");
    if (this.gap || !this.text) data = data.trimStart();
    if (!data) return;
    const points = [...data].length + this.gap.length;
    if (points > this.left) data = cut(data, this.left - this.gap.length);
    this.left = points > this.left ? 0 : this.left - points;
    node.data = data;
    this.text += this.gap + data;
    this.gap = "";
  }
}

// The beginning of a text, at most so many code points of it: no letter is parted from its accents, no word is cut
// unless it is very long.
function cut(text, most) {
  let beginning = "";
  let points = 0;
  for (const letter of letters(text)) {
    points += [...letter].length;
    if (points > most) break;
    beginning += letter;
  }
  const space = beginning.lastIndexOf(" ");
  return (space > beginning.length - WORD_AT_MOST && space > 0 ? beginning.slice(0, space) : beginning).trimEnd();
}

function letters(text) {
  if (!("Segmenter" in Intl)) return text;
  return Array.from(new Intl.Segmenter().segment(text), (each) => each.segment);
}

function elementOf(node) {
  return node instanceof Element ? node : node?.parentElement;
}

class ArticleCopy extends HTMLElement {
  connectedCallback() {
    this.article = document.querySelector(".sheet > article");
    this.note = this.querySelector(".copy-note");
    this.live = this.querySelector("[role=status]");
    this.actions = this.querySelector(".actions");
    this.queue = [];
    this.sequence = 0;
    document.addEventListener("copy", (event) => this.answer(event));
    document.addEventListener("cut", (event) => this.answer(event));
    document.addEventListener("dragstart", (event) => this.drag(event));
    document.addEventListener("dragend", (event) => this.dropped(event));
    addEventListener("beforeprint", () => this.print());
    this.actions.querySelector("button").addEventListener("click", () => this.hush());
  }

  answer(event) {
    if (event.defaultPrevented || elementOf(event.target)?.closest(FIELDS)) return;
    const given = this.give();
    if (!given) return;
    if (given.extent !== "untouched") {
      event.preventDefault();
      this.put(given, event.clipboardData);
    }
    this.taken(given);
  }

  // A link or a picture that is dragged by itself is no passage. Only what is dropped somewhere was taken.
  drag(event) {
    this.dragged = null;
    const target = elementOf(event.target);
    if (!target || target.closest(FIELDS) || !getSelection().containsNode(event.target, true)) return;
    this.dragged = this.give();
    if (this.dragged && this.dragged.extent !== "untouched") this.put(this.dragged, event.dataTransfer);
  }

  dropped(event) {
    if (this.dragged && event.dataTransfer.dropEffect !== "none") this.taken(this.dragged);
    this.dragged = null;
  }

  put(given, clipboard) {
    clipboard.setData("text/plain", given.text);
    clipboard.setData("text/html", given.html);
  }

  // What is given of the selection; null where there is none in the article.
  give() {
    const selected = this.selected();
    const { length } = new Passage(selected);
    if (!length) return null;
    if (length < Number(this.dataset.untouchedBelow)) return { extent: "untouched", length };
    if (this.closed && Date.now() < Date.parse(this.closed.until)) return this.compose("nothing", length, ["source", "ways"]);
    const most = Number(this.dataset.passage);
    if (length <= most) return this.compose("whole", length, [selected, "source"]);
    new Passage(selected, most);
    return this.compose("excerpt", length, [selected, "cut", "source", "ways"]);
  }

  selected() {
    const found = document.createDocumentFragment();
    const selection = getSelection();
    for (let number = 0; number < selection.rangeCount; number++) {
      const range = this.inside(selection.getRangeAt(number));
      if (range) found.append(range.cloneContents());
    }
    for (const each of found.querySelectorAll(LEFT_OUT)) each.remove();
    for (const each of found.querySelectorAll("*")) plainly(each);
    return found;
  }

  // The part of a range that lies in the article.
  inside(range) {
    if (!this.article || !range.intersectsNode(this.article)) return null;
    const text = document.createRange();
    text.selectNodeContents(this.article);
    const part = range.cloneRange();
    if (part.compareBoundaryPoints(Range.START_TO_START, text) < 0) part.setStart(text.startContainer, text.startOffset);
    if (part.compareBoundaryPoints(Range.END_TO_END, text) > 0) part.setEnd(text.endContainer, text.endOffset);
    return part.collapsed ? null : part;
  }

  compose(extent, length, parts) {
    const whole = document.createElement("div");
    for (const part of parts) whole.append(typeof part === "string" ? this.words(part, length) : part);
    const html = whole.innerHTML;
    return { extent, length, html, text: new Passage(whole).text };
  }

  words(name, length) {
    const words = this.querySelector(`template[data-part=${name}]`).content.cloneNode(true);
    for (const link of words.querySelectorAll("[data-licence]")) link.textContent = ask(link, length);
    for (const link of words.querySelectorAll("[data-licence]")) link.removeAttribute("data-licence");
    // The words begin a block of their own, also after a passage that ends within a line.
    const block = document.createElement("div");
    block.append(words);
    return block;
  }

  taken(given) {
    this.report("copy", given.length);
    if (given.extent === "untouched") return;
    for (const link of this.actions.querySelectorAll("[data-licence]")) ask(link, given.length);
    const until = given.extent === "nothing" ? ` ${this.closed.said}` : "";
    this.tell(this.dataset[given.extent] + until, given.extent !== "whole");
  }

  // The region is emptied first, so that the same sentence is said again when the same thing happens again.
  tell(words, ways) {
    clearTimeout(this.timer);
    this.live.textContent = "";
    this.actions.hidden = !ways;
    this.note.setAttribute("open", "");
    requestAnimationFrame(() => (this.live.textContent = words));
    if (!ways) this.timer = setTimeout(() => this.hush(), 6000);
  }

  hush() {
    this.live.textContent = "";
    this.actions.hidden = true;
    this.note.removeAttribute("open");
  }

  // A preview that is opened again is the same print.
  print() {
    if (this.printed) return;
    this.printed = true;
    this.report("print", Number(this.dataset.characters));
  }

  report(kind, length) {
    if (!this.dataset.url) return;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0"));
    const characters = Math.min(length, Number(this.dataset.most));
    this.queue.push({ id: id.join(""), sequence: ++this.sequence, kind, characters, nonce: this.dataset.nonce });
    if (this.queue.length === 1) this.send(0);
  }

  // One after the other, so that they arrive in the order in which they were made; each under its own id, so that
  // one which is sent again counts once.
  async send(attempt) {
    const answer = await this.post(this.queue[0]);
    if (answer === "failed" && attempt < PAUSES.length) {
      return setTimeout(() => this.send(attempt + 1), PAUSES[attempt]);
    }
    this.queue.shift();
    if (answer.closed) this.close(answer.closed);
    if (this.queue.length) this.send(0);
  }

  async post(report) {
    try {
      const response = await fetch(this.dataset.url, {
        method: "POST",
        body: new URLSearchParams(report),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: true,
      });
      if (response.status >= 500) return "failed";
      return response.ok ? await response.json() : "refused";
    } catch {
      return "failed"; // The network is away: the copy was made all the same.
    }
  }

  close(closed) {
    const known = this.closed?.until === closed.until;
    this.closed = closed;
    if (!known) this.tell(`${this.live.textContent} ${closed.said}`.trim(), true);
  }
}

// Fills the length in with which a licence is asked for.
function ask(link, length) {
  const address = new URL(link.href);
  address.searchParams.set("characters", length);
  return (link.href = address.href);
}

function plainly(element) {
  if (element.hasAttribute("href")) element.setAttribute("href", element.href);
  for (const { name } of [...element.attributes]) {
    if (!KEPT_ATTRIBUTES.includes(name)) element.removeAttribute(name);
  }
}

customElements.define("article-copy", ArticleCopy);
