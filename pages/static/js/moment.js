// A time told in the reader's words and zone. All moments of a page share one clock; the server sends nothing to tick.
import { ref } from "vue";

const clock = ref(Date.now());
setInterval(() => (clock.value = Date.now()), 1000);
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

function ago(ms) {
  const seconds = Math.max(0, (clock.value - ms) / 1000);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  if (seconds < 7 * 86400) return `${Math.floor(seconds / 86400)} d ago`;
  return day.format(ms);
}

function lasting(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

export default {
  template: `<time :datetime="at" :title="title">{{ text }}</time>`,
  props: { at: String, until: String, lasting: Boolean },
  computed: {
    title() {
      return full.format(Date.parse(this.at));
    },
    text() {
      const begin = Date.parse(this.at);
      if (!this.lasting) return ago(begin);
      return lasting((this.until ? Date.parse(this.until) : clock.value) - begin);
    },
  },
};
