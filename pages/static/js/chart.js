// A plotly chart that speaks the house's language: a colour "--accent" means what it means in tokens.css, in light and in
// dark, and times are the reader's own. plotly itself is loaded when the first chart comes up.
let loading;

function load(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("plotly could not be loaded"));
    document.head.append(script);
  });
  return loading;
}

// plotly shows times as they are in UTC: give it the reader's hands of the clock
const toLocal = (ms) => ms - new Date(ms).getTimezoneOffset() * 60000;
const toUtc = (ms) => ms + new Date(ms).getTimezoneOffset() * 60000;

function coloured(value, style) {
  if (typeof value === "string" && value.startsWith("--")) return style.getPropertyValue(value).trim();
  if (Array.isArray(value)) return value;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, coloured(inner, style)]));
}

export default {
  template: '<div class="chart" role="img"></div>',
  props: { source: String, figure: Object },
  data: () => ({ shown: null, loaded: null }),
  watch: { figure: "begin" },
  async mounted() {
    this.observer = new MutationObserver(() => this.draw());
    this.observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.resizes = new ResizeObserver(() => this.loaded && this.shown && this.loaded.Plots.resize(this.$el));
    this.loaded = Object.freeze(await load(this.source));
    this.begin();
  },
  unmounted() {
    this.observer.disconnect();
    this.resizes.disconnect();
    this.loaded?.purge(this.$el);
  },
  methods: {
    begin() {
      this.show(this.figure);
    },
    show(figure) {
      this.shown = figure && Object.freeze(figure);
      this.draw();
    },
    // the last points again, and those after them: [times, values of each trace …]
    extend(times, values, range) {
      if (!this.shown) return;
      const data = this.shown.data.map((trace, number) => {
        const kept = trace.x.findIndex((time) => time >= times[0]);
        const end = kept < 0 ? trace.x.length : kept;
        const begin = Math.max(0, trace.x.slice(0, end).findIndex((time) => time >= range[0]));
        return { ...trace, x: [...trace.x.slice(begin, end), ...times], y: [...trace.y.slice(begin, end), ...values[number]] };
      });
      const layout = { ...this.shown.layout, xaxis: { ...this.shown.layout.xaxis, range } };
      this.show({ ...this.shown, data, layout });
    },
    draw() {
      if (!this.loaded || !this.shown || !this.$el.isConnected) return;
      const style = getComputedStyle(document.body);
      const { data, layout } = this.shown;
      const traces = data.map((trace) => ({ ...coloured(trace, style), x: trace.x.map(toLocal), y: trace.y }));
      const moved = coloured(layout, style);
      moved.shapes = layout.shapes.map((shape) => ({ ...coloured(shape, style), x0: toLocal(shape.x0), x1: toLocal(shape.x1) }));
      moved.annotations = layout.annotations.map((note) => ({ ...coloured(note, style), x: toLocal(note.x) }));
      moved.xaxis.range = layout.xaxis.range.map(toLocal);
      moved.hoverlabel = coloured({ bgcolor: "--raised", bordercolor: "--line", font: { color: "--fg" } }, style);
      this.loaded.react(this.$el, traces, moved, { displayModeBar: false, responsive: false, doubleClick: false });
      this.listen();
    },
    listen() {
      if (this.listens) return;
      this.listens = true;
      this.resizes.observe(this.$el);
      this.$el.on("plotly_relayout", (change) => {
        const range = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        if (range[0] === undefined) return;
        this.$emit("zoom", range.map((end) => Math.round(toUtc(typeof end === "number" ? end : Date.parse(`${String(end).replace(" ", "T")}Z`)))));
      });
      this.$el.on("plotly_doubleclick", () => this.$emit("zoom", null));
    },
  },
};
