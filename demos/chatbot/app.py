"""Talk to a small language model and ask every token what else could have stood there.

``python -m demos.chatbot.app`` opens it here; ``make space DEMO=chatbot OUT=folder`` makes a Hugging Face Space.
"""

import gradio as gr

from core.projects.chatbot import others as models
from core.projects.chatbot.conversation import SYSTEM
from core.projects.chatbot.screen import (
    USUAL,
    begun,
    branched,
    emptied,
    looked,
    read_from,
    reply,
    say,
    shown,
    taken,
    turned,
)
from core.projects.chatbot.visible import honest
from demos.look import launch_settings

# pictures are drawn on white
TOKENS = ".tokens span { cursor: pointer } .dark .js-plotly-plot { filter: invert(0.9) hue-rotate(180deg) }"


def clicked(talk, event: gr.SelectData, *settings) -> tuple:
    """The token that was clicked: its place, picture, alternatives and a sentence."""
    place = event.index[0] if isinstance(event.index, list | tuple) else event.index
    return of_place(talk, place, *settings)


def of_place(talk, place, *settings) -> tuple:
    """A token by its place; None: the one that was least sure."""
    picture, others, words = looked(talk, place, *settings)
    choice = gr.Dropdown(choices=list(others), value=next(iter(others), None))
    return place, picture, choice, others, words


def afresh(talk, *settings) -> tuple:
    """The least sure token."""
    return of_place(talk, None, *settings)


def branch(talk, others, name, *settings):
    """Go on with the token chosen."""
    yield from branched(talk, others.get(name), *settings)


def way_before(talk) -> tuple:
    """The way before."""
    return turned(talk, -1)


def way_after(talk) -> tuple:
    """The way after."""
    return turned(talk, 1)


def said_of(offered, *more) -> tuple:
    """A sentence about a model, and the buttons that lead on."""
    return offered.sentence, gr.Button(visible=offered.ask), gr.Button(visible=offered.fetch), *more


def choose(talk, name) -> tuple:
    """A model by name; it speaks if it is here. The other buttons are about the name of which something was said."""
    return said_of(models.chosen(talk, name), honest(talk), name)


def look_up(name) -> tuple:
    """Ask the Hub for size and licence."""
    return said_of(models.looked_up(name))


def download(talk, name):
    """Fetch a model, which speaks then."""
    for offered in models.fetched(talk, name):
        yield said_of(offered, honest(talk))


def gone(talk) -> None:
    """The tab is closed: what was under way stops."""
    if talk:
        talk.close()


with gr.Blocks(title="Chatbot", analytics_enabled=False, delete_cache=(600, 600)) as demo:
    gr.Markdown("# A chatbot that can be questioned")
    about = gr.Markdown(honest(begun()), elem_id="about")
    talk = gr.State(None, time_to_live=3600, delete_callback=gone)
    place, others, named = gr.State(None), gr.State({}), gr.State("")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            window = gr.Chatbot(label="Conversation", height=380, buttons=["copy"], sanitize_html=True)
            typed = gr.Textbox(label="Message", placeholder="Ask the small model something", max_lines=6)
            with gr.Row():
                send = gr.Button("Send", variant="primary")
                stop = gr.Button("Stop")
                anew = gr.Button("Begin anew")
            told = gr.Textbox(label="What happened", interactive=False, elem_id="told")
        with gr.Column(scale=1, min_width=260):
            system = gr.Textbox(SYSTEM, label="System prompt", max_length=2000, lines=2)
            ask_course = gr.Checkbox(label="Ask the course: answer from Roadmap Lab's pages and cite them")
            temperature = gr.Slider(0, 2, USUAL.temperature, step=0.05, label="Temperature")
            with gr.Accordion("More about drawing", open=False):
                top_k = gr.Slider(1, 80, USUAL.top_k, step=1, label="Top-k")
                top_p = gr.Slider(0.05, 1, USUAL.top_p, step=0.01, label="Top-p")
                min_p = gr.Slider(0, 0.5, USUAL.min_p, step=0.01, label="Min-p")
                penalty = gr.Slider(1, 1.5, USUAL.repetition_penalty, step=0.01, label="Repetition penalty")
                seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=9999)
            with gr.Accordion("Another model", open=False, elem_id="models"):
                model = gr.Textbox(label="Name or folder", info=models.HELP, max_length=models.LONGEST, max_lines=1)
                use = gr.Button("Choose it")
                offer = gr.Textbox(label="What is known of it", interactive=False, elem_id="offer", lines=2)
                ask = gr.Button("Ask huggingface.co for its size and licence", visible=False)
                fetch = gr.Button("Download it", visible=False)
    gr.Markdown("## Question a token\nThe stronger the colour, the more the network doubted it. Click one.")
    strip = gr.HighlightedText(label="The last reply, token by token", show_legend=False, elem_classes="tokens")
    words = gr.Textbox(label="This token", interactive=False, elem_id="words")
    with gr.Row():
        with gr.Column(min_width=320):
            picture = gr.Plot(label="What could stand here", show_label=False)
            with gr.Row():
                choice = gr.Dropdown([], label="Another token", allow_custom_value=False)
                go = gr.Button("Branch from here")
            with gr.Row():
                before, after = gr.Button("‹ the way before"), gr.Button("the way after ›")
        with gr.Column(min_width=320):
            attended = gr.Plot(label="What it was read from", show_label=False)
            attend = gr.Button("Show what it was read from")
    with gr.Accordion("Take the conversation away", open=False):
        pack = gr.Button("Write the files")
        files = gr.File(label="Markdown and JSON", file_count="multiple", interactive=False)
    settings = [temperature, top_k, top_p, min_p, penalty, seed]
    view, token = [window, strip, told], [place, picture, choice, others, words]
    least: dict = {"fn": afresh, "inputs": [talk, *settings], "outputs": token, "api_visibility": "private"}
    private: dict = {"api_visibility": "private"}
    speaking = []
    for event in (send.click, typed.submit):
        started = event(say, [talk, typed, system, ask_course, *settings], view, concurrency_limit=10, **private)
        speaking.append(started)
        started.then(lambda: "", None, typed, **private).then(**least)
    started = go.click(branch, [talk, others, choice, *settings], view, concurrency_limit=10, **private)
    speaking.append(started)
    started.then(**least)
    stop.click(lambda talk: talk.stop(), talk, None, **private)
    anew.click(emptied, talk, view, **private).then(**least)
    before.click(way_before, talk, view, **private).then(**least)
    after.click(way_after, talk, view, **private).then(**least)
    strip.select(clicked, [talk, *settings], token, **private)
    attend.click(read_from, [talk, place], [attended, told], concurrency_limit=1, **private)
    offered = [offer, ask, fetch]
    for event in (use.click, model.submit):
        event(choose, [talk, model], [*offered, about, named], **private)
    ask.click(look_up, named, offered, concurrency_limit=2, **private)
    fetch.click(download, [talk, named], [*offered, about], concurrency_limit=2, **private)
    pack.click(taken, talk, files, **private)
    demo.load(begun, None, talk, **private).then(shown, talk, view, **private).then(**least)
    for control in settings:
        control.change(of_place, [talk, place, *settings], token, trigger_mode="always_last", **private)
    gr.api(reply, api_name="chat", concurrency_limit=10)

demo.queue(max_size=64, default_concurrency_limit=4)

if __name__ == "__main__":
    demo.launch(**launch_settings(TOKENS))
