"""llama.cpp's bare loop, a token a line: what ``benchmarks/chatbot.py`` starts with a Python that has llama_cpp.

python benchmarks/llama.py FILE.gguf THREADS    # then lines of JSON: {"read": tokens, "most": how many to say}
"""

import json
import sys


def main() -> None:
    import llama_cpp

    file, threads = sys.argv[1], int(sys.argv[2])
    print(llama_cpp.__version__, flush=True)
    model = llama_cpp.Llama(file, n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)
    for line in sys.stdin:
        order = json.loads(line)
        read = order["read"]
        model.reset()
        for _ in range(order["most"]):
            model.eval(read)
            token = model.sample(temp=0.0, repeat_penalty=1.0)
            print(token, flush=True)
            read = [token]


if __name__ == "__main__":
    main()
