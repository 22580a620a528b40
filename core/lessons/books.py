"""The five books and courses of the roadmap, their chapters, and which of them a lesson's reading list names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.lessons.curriculum import Topic

_PLACE = re.compile(r"(?<![\w.])(\d+)(?:\.\d+)*(?: to (\d+)(?:\.\d+)*)?")
_TITLE = re.compile(r"\*([^*]+)\*")


@dataclass(frozen=True)
class Part:
    """A chapter of a book, a course of a series, a note of a lecture: its number ("" where there are none), its title,
    and how reading lists call it if they give no number."""

    number: str
    title: str
    names: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Number and title, apart: "1 · Neural networks and deep learning" counts no networks."""
        return " · ".join(filter(None, (self.number, self.title)))


@dataclass(frozen=True)
class Book:
    """A book or course: how reading lists begin when they name it (``mark``), its parts, and where it is to be had."""

    title: str
    authors: str
    mark: str
    address: str
    terms: str
    parts: tuple[Part, ...]


def numbered(*titles: str) -> tuple[Part, ...]:
    """Chapters 1, 2, 3 …"""
    return tuple(Part(str(place), title) for place, title in enumerate(titles, 1))


BOOKS = (
    Book(
        "Deep Learning",
        "Ian Goodfellow, Yoshua Bengio and Aaron Courville (2016)",
        "Goodfellow, Bengio and Courville, *Deep Learning*",
        "https://www.deeplearningbook.org",
        "free to read online; the theory, in depth",
        numbered(
            "Introduction", "Linear algebra", "Probability and information theory", "Numerical computation",
            "Machine learning basics", "Deep feedforward networks", "Regularization", "Optimization",
            "Convolutional networks", "Recurrent and recursive nets", "Practical methodology", "Applications",
            "Linear factor models", "Autoencoders", "Representation learning", "Structured probabilistic models",
            "Monte Carlo methods", "Confronting the partition function", "Approximate inference",
            "Deep generative models",
        ),
    ),
    Book(
        "Neural Networks and Deep Learning",
        "Michael Nielsen (2015)",
        "Nielsen, *Neural Networks and Deep Learning*",
        "http://neuralnetworksanddeeplearning.com",
        "free to read online; the gentlest beginning",
        numbered(
            "Using neural nets to recognize handwritten digits", "How the backpropagation algorithm works",
            "Improving the way neural networks learn", "Neural nets can compute any function",
            "Why are deep neural networks hard to train?", "Deep learning",
        ),
    ),
    Book(
        "CS231n",
        "Stanford University, course notes and lectures on deep learning for computer vision",
        "CS231n",
        "https://cs231n.github.io",
        "notes free to read online",
        (
            Part("", "Setting up: software and Colab", ("software setup", "google colab")),
            Part("", "Python and NumPy", ("python numpy",)),
            Part("", "Image classification", ("image classification",)),
            Part("", "Linear classification", ("linear classification",)),
            Part("", "Optimization", ("optimization",)),
            Part("", "Backpropagation", ("backpropagation", "derivatives, backpropagation")),
            Part("", "Neural networks, part 1: architecture", ("neural networks part 1",)),
            Part("", "Neural networks, part 2: data and loss", ("neural networks part 2",)),
            Part("", "Neural networks, part 3: learning", ("neural networks part 3",)),
            Part("", "Convolutional neural networks", ("convolutional neural networks",)),
            Part("", "Transfer learning", ("transfer learning",)),
            Part("", "Lectures: object detection", ("object detection",)),
            Part("", "Lectures: attention and transformers", ("attention", "transformers")),
            Part("", "Lectures: generative models", ("generative models", "diffusion")),
            Part("", "Lectures: self-supervised learning", ("self-supervised",)),
        ),
    ),
    Book(
        "Deep Learning Specialization",
        "Andrew Ng and others, DeepLearning.AI on Coursera",
        "Deep Learning Specialization",
        "https://www.coursera.org/specializations/deep-learning",
        "videos and exercises; certificates cost a fee",
        numbered(
            "Neural networks and deep learning", "Improving deep neural networks",
            "Structuring machine learning projects", "Convolutional neural networks", "Sequence models",
        ),
    ),
    Book(
        "Dive into Deep Learning",
        "Aston Zhang, Zachary Lipton, Mu Li and Alexander Smola (2023)",
        "*Dive into Deep Learning*",
        "https://d2l.ai",
        "free to read online; every chapter runs as a notebook",
        (
            Part("", "Installation", ("installation",)),
            *numbered(
                "Introduction", "Preliminaries", "Linear networks for regression", "Linear networks for classification",
                "Multilayer perceptrons", "Builders’ guide", "Convolutional neural networks",
                "Modern convolutional networks", "Recurrent networks", "Modern recurrent networks",
                "Attention and transformers", "Optimization algorithms", "Computational performance",
                "Computer vision", "Language: pretraining", "Language: applications", "Reinforcement learning",
                "Gaussian processes", "Hyperparameter optimization", "Generative adversarial networks",
                "Recommender systems", "Appendix: mathematics", "Appendix: tools",
            ),
        ),
    ),
)  # fmt: skip


def parts_named(item: str) -> Iterator[tuple[Book, Part]]:
    """The parts of the five books that one item of a reading list names; nothing for other works.

    "*Dive into Deep Learning*, sections 2.4, 2.5 and 5.3" names chapters 2 and 5 of that book, "chapters 1 to 3" three
    chapters, "course 2, week 3" the second course. Raises ``ValueError`` for an item that names a book and no part.
    """
    for words in item.split("; "):
        for book in BOOKS:
            if words.startswith(book.mark):
                yield from ((book, part) for part in parts_of(book, words.removeprefix(book.mark)))


def parts_of(book: Book, words: str) -> tuple[Part, ...]:
    """The parts that the words behind a book's name mean, in the book's order."""
    titles = [title.casefold() for title in _TITLE.findall(words)]
    numbers = set() if book.title == "CS231n" else numbers_in(words.split("week")[0])
    found = tuple(
        part
        for part in book.parts
        if part.number in numbers or any(title.startswith(name) for title in titles for name in part.names)
    )
    if not found:
        raise ValueError(f"No part of {book.title} is called so: {words.strip(' ,')!r}")
    return found


def numbers_in(words: str) -> set[str]:
    """The chapters that numbers such as 3, 5.2 or "1 to 3" lie in."""
    ranges = [(int(first), int(last or first)) for first, last in _PLACE.findall(words)]
    return {str(number) for first, last in ranges for number in range(first, last + 1)}


def parts_for(topic: Topic) -> tuple[tuple[Book, Part], ...]:
    """The parts of the five books that a lesson's reading list names, each once."""
    return tuple(dict.fromkeys(pair for item in topic.reading for pair in parts_named(item)))
