r"""BERT and Transformers

Let every word look at every other, and see where it looks, what it fetches, and what it guesses next.

A text becomes *tokens*, each a vector of the *stream* $x$. In a *head*, each token asks with a query $q$, is found by
its key $k$, and hands over its value $v$ (all linear in $x$, of size $d$); with rows for tokens

$$\mathrm{attention}(q, k, v) = \mathrm{softmax}\!\left(\tfrac{q k^\top}{\sqrt{d}}\right) v$$

so that each token gathers a weighted mean of values. A *block* adds what its heads gathered, then what a small network
(*MLP*) makes of each token alone. A *GPT* may look back only, and learns to say the next token; *BERT* looks both ways,
and learns to say hidden ones. Both ship here, trained on dialogue and Shakespeare: a million weights each.

Needs: activations, linear-algebra, losses

Roadmap:
- BERT and Transformers for NLP

Reading:
- *Dive into Deep Learning*, chapter 11 and sections 15.8 to 15.10
- Goodfellow, Bengio and Courville, *Deep Learning*, section 12.4
- Vaswani and others (2017), *Attention is all you need*; Devlin and others (2019), *BERT*
- Radford and others (2019), *Language models are unsupervised multitask learners*; Su and others (2021), *RoFormer*
- Abnar and Zuidema (2020), *Quantifying attention flow in transformers*; nostalgebraist (2020), *The logit lens*
- Jain and Wallace (2019), *Attention is not explanation*
"""

from core.topics.transformers.views import ALONE, CHOICES, LOAD, ORDER, awaited, fetched, reader_of, remark
from pages import ui


def looked_into(name: str) -> None:
    choice, view = CHOICES[name]
    model = page.ask(choice)
    if words := remark(model):
        page.note(words)
    if awaited(model):
        page.job(LOAD, fetched)
    page.open(view, reader_of(model))


with ui.lesson(__file__) as page:
    page.views({name: ALONE.get(name) or (lambda name=name: looked_into(name)) for name in ORDER})
