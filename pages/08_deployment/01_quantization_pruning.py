r"""Quantization and pruning

Give a trained network fewer bits, fewer weights or fewer channels, and ask the clock and held-out data what it cost.

*Quantization* stores a weight $w$ as a whole number $q$ of $b$ bits times a scale $s$; so does what flows between
layers, $x$, with a zero point $z$:

$$w \approx s\,q,\quad |q| \le 2^{b-1} - 1$$

$$x \approx s_x\,(q_x - z)$$

*Static* quantization fixes the range of $x$ beforehand on calibration images, *dynamic* takes it from each batch.

*Pruning* sets single weights to zero or removes whole channels. A processor multiplies by a zero as by any other
number, so zeros alone save no time; a channel that is gone does. A *lottery ticket* is what is left of a trained
network, set back to its first values: trained again, it may learn as well as the whole.

Needs: convolution, training-loop

Roadmap:
- Model quantization and pruning

Reading:
- Jacob and others (2018), *Quantization and training of neural networks for efficient integer-arithmetic-only
  inference*
- Han and others (2016), *Deep compression*
- Frankle and Carbin (2019), *The lottery ticket hypothesis*; Frankle and others (2020), *Linear mode connectivity*
- Fang and others (2023), *DepGraph: towards any structural pruning*
- Liu and others (2019), *Rethinking the value of network pruning*
"""

from core.topics.quantization_pruning.views import VIEWS
from pages import ui

with ui.lesson(__file__) as page:
    page.views(VIEWS)
