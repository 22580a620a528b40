r"""GRU and LSTM

A gate decides, unit by unit and step by step, what is kept, what is written and what is shown.

A gate is a number between 0 and 1, computed from input and state with a sigmoid $\sigma$. The *LSTM* keeps a memory
$c_t$ behind its state $h_t$, with a forget gate $f$, an input gate $i$, an output gate $o$ and a candidate $g$:

$$c_t = f \odot c_{t-1} + i \odot g \qquad h_t = o \odot \tanh(c_t)$$

The *GRU* has one state, an update gate $z$ and a reset gate $r$, which weakens the old state inside the candidate $n$:

$$h_t = (1 - z) \odot n + z \odot h_{t-1}$$

With $z = 1$ nothing changes. Here networks learn to count open brackets. Read their gates, hold one, find the unit that
counts, and take it away.

Needs: vanishing-gradient

Roadmap:
- Study RNNs:
- GRU, LSTM

Reading:
- Goodfellow, Bengio and Courville, *Deep Learning*, section 10.10
- *Dive into Deep Learning*, sections 10.1 and 10.2
- Hochreiter and Schmidhuber (1997), *Long short-term memory*
- Cho and others (2014), *Learning phrase representations using RNN encoder-decoder*
- Karpathy, Johnson and Fei-Fei (2015), *Visualizing and understanding recurrent networks*
"""

from core.topics.gru_lstm.numbers import counter
from core.topics.gru_lstm.own import WANTED, file_of
from core.topics.gru_lstm.views import CELL, TEXT, UNITS, VIEWS, own_counter, own_goal, own_view
from pages import ui

example = ui.cached(counter)


def your_weights() -> None:
    file = page.file("Your weights", ["safetensors"], f"A state_dict, 5 MB at most: {WANTED}.")
    settings = {} if file else page.ask_all((CELL, UNITS))
    found = own_counter(file) if file else example(**settings, seed=page.seed)
    with page.beside():
        text = page.ask(TEXT)
    page.display(own_view(found, text), found)
    page.downloads(("Download these weights", "counter.safetensors", file_of(found.model)))
    page.challenge(own_goal(found))
    page.code(*filter(None, [found.run]))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Your weights": your_weights})
