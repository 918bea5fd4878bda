// Copies its text. Works without the clipboard API too (plain http on another host) by way of a selection.
export default {
  template: `
    <button type="button" class="copy" :class="{ done }" :aria-label="label" :title="label" @click.stop.prevent="copy">
      <svg aria-hidden="true"><use :href="icons + (done ? '#check' : '#copy')" /></svg>
      <span v-if="caption" aria-live="polite">{{ done ? "Copied" : caption }}</span>
    </button>`,
  props: { text: String, label: String, caption: String, icons: String },
  data: () => ({ done: false, timer: null }),
  methods: {
    async copy() {
      try {
        await navigator.clipboard.writeText(this.text);
      } catch {
        const area = document.createElement("textarea");
        area.value = this.text;
        area.style.cssText = "position: fixed; opacity: 0";
        this.$el.parentNode.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      this.done = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (this.done = false), 1600);
    },
  },
  unmounted() {
    clearTimeout(this.timer);
  },
};
