// A time told in the reader's words and zone. All moments of a page share one clock; the server sends nothing to tick.
import { ref } from "vue";

const clock = ref(Date.now());
setInterval(() => (clock.value = Date.now()), 1000);
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const far = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const span = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

function relative(ms) {
  const seconds = (clock.value - ms) / 1000;
  const away = Math.abs(seconds);
  if (seconds > -1 && seconds < 10) return "just now";
  const place = (count, unit) => (seconds < 0 ? `in ${Math.round(count)} ${unit}` : `${Math.floor(count)} ${unit} ago`);
  if (away < 60) return place(away, "s");
  if (away < (seconds < 0 ? 7200 : 3600)) return place(away / 60, "min"); // what is to come is waited for by the minute
  if (away < 86400) return place(away / 3600, "h");
  if (away < 7 * 86400) return place(away / 86400, "d");
  return (away < 300 * 86400 ? day : far).format(ms);
}

function lasting(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  const [days, hours, minutes] = [ms / 86400000, (ms / 3600000) % 24, (ms / 60000) % 60].map(Math.floor);
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return `${minutes} min ${Math.floor((ms % 60000) / 1000)} s`;
}

export default {
  template: `<time :datetime="at" :title="title">{{ text }}</time>`,
  props: { at: String, until: String, lasting: Boolean, between: Boolean },
  computed: {
    title() {
      return full.format(Date.parse(this.at));
    },
    text() {
      const begin = Date.parse(this.at);
      if (this.between) return span.formatRange(begin, Date.parse(this.until));
      if (!this.lasting) return relative(begin);
      return lasting((this.until ? Date.parse(this.until) : clock.value) - begin);
    },
  },
};
