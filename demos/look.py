"""How every demo is launched, and what they add to Gradio's own look: pictures that fit a phone, contrast, names for
those who listen. A Space gets this file beside the demo's own."""

import gradio as gr

FONT = (gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "sans-serif")  # its 600 has a few letters only
STYLE = """
.grid-wrap { padding-top: 2.1rem !important; }
#examples, #examples .grid-wrap { height: auto !important; max-height: none !important; }
.caption-label { max-width: 100% !important; white-space: normal !important; line-height: 1.2 !important; }
.or, .info-text { color: inherit !important; }
button.primary { background: var(--primary-600) !important; }
button.primary:hover { background: var(--primary-700) !important; }
.tokens .text { color: #000 !important; }
.dark .tokens .text { color: #fff !important; }
.dark .tokens span:has(> .text) { background-image: linear-gradient(#0004, #0004); }
body:not(.dark) [role="tab"][aria-selected="true"] { color: var(--primary-700) !important; }
.video-container:has(> .source-selection) > .wrap { height: calc(100% - 40px) !important; }
textarea:disabled { height: auto !important; field-sizing: content; }
@media (max-width: 640px) {
  .grid-container { grid-template-columns: repeat(auto-fill, minmax(82px, 1fr)) !important;
    grid-template-rows: none !important; grid-auto-rows: auto !important; }
}
"""  # a gallery's label stands above its pictures; on a phone as many stand beside each other as fit

# A picture that can be clicked is a button without words: it is called what its label says.
SCRIPT = """
() => {
  const name = () => document.querySelectorAll("button:not([aria-label]):has(> .image-frame)").forEach(button => {
    const label = button.closest(".block")?.querySelector("[data-testid=block-label]");
    button.setAttribute("aria-label", label?.textContent.trim() || "Picture");
  });
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  name();
}
"""


def launch_settings(css: str = "") -> dict:
    """What every demo's ``launch`` is given; ``css`` is what this one adds."""
    theme = gr.themes.Default(primary_hue="blue", neutral_hue="slate", font=FONT)
    return {"run_history": False, "footer_links": ["api"], "theme": theme, "css": STYLE + css, "js": SCRIPT}
