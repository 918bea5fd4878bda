// Ninety bars of uptime from one letter each: o well, d degraded, x down, ? unknown. What is not 100% comes in words, by number.
const moment = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const words = { o: "well", d: "degraded", x: "down", "?": "not known" };

export default {
  template: `<div class="uptime-bars" role="img" :aria-label="label">
    <i v-for="(bar, n) in bars" :key="n" :class="bar === '?' ? 'none' : bar" :title="title(n)"></i>
  </div>`,
  props: { bars: String, from: Number, step: Number, percents: Object, label: String },
  methods: {
    title(n) {
      const begin = this.from + n * this.step;
      const percent = this.percents[n];
      const text = percent === undefined ? words[this.bars[n]] : `${words[this.bars[n]]}, ${percent} up`;
      return `${moment.formatRange(begin, begin + this.step)}: ${text}`;
    },
  },
};
