// Log lines in a window: the lines are plain arrays outside of Vue, every row is as high as every other, and only the
// rows in sight are elements. Lines get into the document as text nodes only: whatever they say, it stays text.
const ID = 0, TIME = 1, LEVEL = 2, REVISION = 3, REQUEST = 4, LOGGER = 5, MESSAGE = 6, EXCEPTION = 7;
const ROW = 22; // pixels, as in logs.css
const SPARE = 8; // rows above and below what is in sight
const MOST = 20000; // lines in memory
const HEAD = 0, FACTS = 1; // what a row shows, where it is no text
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])|\x9b[0-?]*[ -/]*[@-~]/g;
const STEERING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

const clean = (text) => text.replace(SEQUENCES, "").replace(STEERING, "");
const day = (ms) => new Date(ms).toDateString();
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const utc = (ms) => new Date(ms).toISOString().replace("T", " ").replace("Z", " UTC");

function element(tag, classes, text) {
  const made = document.createElement(tag);
  made.className = classes;
  if (text !== undefined) made.textContent = text;
  return made;
}

function asText(line) {
  const facts = [new Date(line[TIME]).toISOString(), line[LEVEL], line[REQUEST] && `request=${line[REQUEST]}`];
  const text = clean([line[MESSAGE], line[EXCEPTION]].filter(Boolean).join("\n")).trimEnd().replaceAll("\n", "\n    ");
  return `${facts.filter(Boolean).join(" ")} ${line[LOGGER]}: ${text}`;
}

async function copy(text, near) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", "visually-hidden");
    area.value = text;
    near.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export default {
  template: `
    <div class="log-view">
      <div ref="box" class="log-box" tabindex="0" role="log" aria-live="off" aria-label="Log lines" @scroll.passive="scrolled" @click="pressed">
        <div ref="space"></div>
        <div ref="window" class="log-window"></div>
        <div v-if="ready && !count" class="log-empty">No lines here yet. What the agent logs and prints, each request and each change appear as they come.</div>
      </div>
      <button v-if="!follow" type="button" class="log-jump" @click="jump">
        <svg aria-hidden="true"><use :href="icons + '#chevron-down'" /></svg>
        <span>{{ fresh ? "Newest (" + fresh.toLocaleString() + " new)" : "Newest" }}</span>
      </button>
      <div class="log-foot">
        <span class="chip" :class="follow ? 'ok live' : 'idle'">{{ follow ? "Following" : "Held" }}</span>
        <span class="num grow">{{ count.toLocaleString() }} {{ count === 1 ? "line" : "lines" }}{{ more ? ", older ones above" : "" }}</span>
        <button type="button" class="copy" title="Copy these lines" @click="copyAll">
          <svg aria-hidden="true"><use :href="icons + (copied ? '#check' : '#copy')" /></svg>
          <span aria-live="polite">{{ copied ? "Copied" : "Copy" }}</span>
        </button>
      </div>
    </div>`,
  props: { icons: String },
  data: () => ({ ready: false, follow: true, fresh: 0, count: 0, more: false, copied: false }),
  created() {
    this.lines = [];
    this.rows = []; // [line, what]: HEAD is a line's own row; unfolded it has FACTS and its text below
    this.open = new Set();
    this.version = 0;
    this.top = 0;
  },
  mounted() {
    this.sizes = new ResizeObserver(() => this.relayout());
    this.sizes.observe(this.$refs.box);
    this.$emit("ready");
  },
  unmounted() {
    this.sizes.disconnect();
  },
  methods: {
    begin(lines, more) {
      Object.assign(this, { lines, more, follow: true, fresh: 0, ready: true, asked: false });
      this.open.clear();
      this.rebuild();
    },
    push(lines) {
      for (const line of lines) {
        this.lines.push(line);
        this.rows.push([line, HEAD]);
      }
      if (!this.follow) this.fresh += lines.length;
      if (this.lines.length > MOST * 1.1) this.trim(this.lines.length - MOST);
      this.schedule();
    },
    prepend(lines, more) {
      Object.assign(this, { lines: lines.concat(this.lines), asked: false });
      this.more = more && this.lines.length < MOST;
      const before = this.rows.length;
      this.rebuild();
      this.paint(ROW * (this.rows.length - before));
    },
    trim(count) {
      this.lines.splice(0, count);
      const gone = this.rows.findIndex(([line]) => line === this.lines[0]);
      this.rows.splice(0, gone);
      this.version += 1;
      this.more = true;
      this.paint(-ROW * gone);
    },
    rebuild() {
      this.rows = this.lines.flatMap((line) => (this.open.has(line[ID]) ? this.unfold(line) : [[line, HEAD]]));
      this.version += 1;
      this.schedule();
    },
    unfold(line) {
      const columns = Math.max(20, Math.floor((this.$refs.box.clientWidth - 44) / this.characterWidth()));
      const rows = [[line, HEAD], [line, FACTS]];
      const text = clean([line[MESSAGE], line[EXCEPTION]].filter(Boolean).join("\n")).trimEnd();
      for (const part of text.split("\n")) {
        const symbols = [...part];
        for (let at = 0; at === 0 || at < symbols.length; at += columns) {
          rows.push([line, symbols.slice(at, at + columns).join("")]);
        }
      }
      return rows;
    },
    characterWidth() {
      if (!this.width) {
        const probe = element("span", "log-row", "m".repeat(100));
        probe.style.cssText = "position: absolute; visibility: hidden; width: auto; display: inline";
        this.$refs.box.append(probe);
        this.width = probe.getBoundingClientRect().width / 100 || 7.2;
        probe.remove();
      }
      return this.width;
    },
    relayout() {
      if (this.open.size) this.rebuild();
      else this.paint(0, true);
    },
    schedule() {
      if (this.waiting) return; // a hidden tab gets no frames: the lines pile up here, bounded, and are painted at once
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        if (this.$refs.box) this.paint();
      });
    },
    paint(shift = 0, force = false) {
      const box = this.$refs.box;
      this.count = this.lines.length;
      this.$refs.space.style.height = `${this.rows.length * ROW}px`;
      if (this.follow) box.scrollTop = box.scrollHeight;
      else if (shift) box.scrollTop += shift;
      this.top = box.scrollTop;
      this.draw(force);
    },
    draw(force = false) {
      const box = this.$refs.box, first = Math.max(0, Math.floor(box.scrollTop / ROW) - SPARE);
      const last = Math.min(this.rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + SPARE);
      const drawn = `${first} ${last} ${this.version}`;
      if (drawn === this.drawn && !force) return;
      this.drawn = drawn;
      const focused = this.$refs.window.contains(document.activeElement) ? document.activeElement.dataset.fold : null;
      this.$refs.window.style.transform = `translateY(${first * ROW}px)`;
      this.$refs.window.replaceChildren(...this.rows.slice(first, last).map((row) => this.element(...row)));
      if (focused) this.$refs.window.querySelector(`[data-fold="${focused}"]`)?.focus({ preventScroll: true });
    },
    element(line, what) {
      const made = element("div", `log-row ${line[LEVEL].toLowerCase()}`);
      if (what === HEAD) made.append(...this.head(line));
      else if (what === FACTS) made.append(...this.facts(line));
      else made.append(element("span", "text", what));
      made.classList.toggle("open", this.open.has(line[ID]));
      made.classList.toggle("below", what !== HEAD);
      return made;
    },
    head(line) {
      const fold = element("button", "fold-line");
      const open = this.open.has(line[ID]);
      Object.assign(fold, { type: "button", ariaExpanded: String(open), ariaLabel: open ? "Fold this line" : "Unfold this line" });
      fold.dataset.fold = line[ID];
      const time = element("time", "time num", clock.format(line[TIME]));
      time.append(element("span", "fine", `.${String(line[TIME] % 1000).padStart(3, "0")}`));
      if (day(line[TIME]) !== day(Date.now())) time.prepend(element("span", "date", `${date.format(line[TIME])} `));
      time.title = utc(line[TIME]);
      const level = element("span", "level", line[LEVEL]);
      const text = element("span", "text", clean(line[MESSAGE].slice(0, 1000)).replaceAll("\n", " ⏎ "));
      return [fold, time, level, text, ...(line[EXCEPTION] && !open ? [element("span", "trace", "traceback")] : [])];
    },
    facts(line) {
      const source = element("span", "cut", clean(line[LOGGER]) + (line[REVISION] === null ? "" : ` · revision ${line[REVISION]}`));
      const copyLine = element("button", "link", "copy");
      copyLine.type = "button";
      copyLine.dataset.copy = line[ID];
      if (!line[REQUEST]) return [source, copyLine];
      const request = element("button", "link cut", `request ${line[REQUEST]}`);
      request.type = "button";
      request.title = "Show this request's lines only";
      request.dataset.request = line[REQUEST];
      return [source, request, copyLine];
    },
    pressed(event) {
      const { request, copy: copied, fold } = event.target.closest("[data-request], [data-copy], [data-fold]")?.dataset ?? {};
      if (request) return this.$emit("request", request);
      if (copied) {
        const line = this.lines.find((one) => String(one[ID]) === copied);
        event.target.textContent = "copied";
        return copy(asText(line), this.$el);
      }
      const row = event.target.closest(".log-row:not(.below)");
      if (!row || (!fold && String(getSelection()))) return; // who selects text does not mean to unfold it
      const id = Number(row.querySelector("[data-fold]").dataset.fold);
      this.open.has(id) ? this.open.delete(id) : this.open.add(id);
      if (this.follow && this.open.has(id)) this.follow = false; // it is being read: nothing moves now
      this.rebuild();
      this.bring(id);
    },
    bring(id) {
      // an unfolded line into sight, at least its beginning
      const box = this.$refs.box;
      const first = this.rows.findIndex(([line]) => line[ID] === id);
      const last = this.rows.findLastIndex(([line]) => line[ID] === id);
      this.paint(Math.max(0, Math.min((last + 1) * ROW - box.clientHeight, first * ROW) - box.scrollTop));
    },
    scrolled() {
      const box = this.$refs.box;
      const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
      if (!atEnd && box.scrollTop < this.top - 1) this.follow = false;
      else if (atEnd && !this.follow) this.jump();
      this.top = box.scrollTop;
      if (box.scrollTop < 20 * ROW && this.more && !this.asked && !this.follow) {
        this.asked = true;
        this.$emit("older", this.lines.reduce((least, line) => Math.min(least, line[ID]), Infinity));
      }
      this.draw();
    },
    jump() {
      Object.assign(this, { follow: true, fresh: 0 });
      this.schedule();
    },
    async copyAll() {
      await copy(this.lines.map(asText).join("\n") + "\n", this.$el);
      this.copied = true;
      setTimeout(() => (this.copied = false), 1600);
    },
  },
};
