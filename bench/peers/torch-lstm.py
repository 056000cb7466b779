"""The same training as bench/recurrent.bench.ts by PyTorch on the CPU, one thread: nn.LSTM, forward, backward, Adam.

    python3 torch-lstm.py BATCH LENGTH INPUTS HIDDEN LAYERS SECONDS

reads one line at a time from standard input; for each it trains for SECONDS and prints the events per second, so that it
can take turns with its rival. The first line that it prints is its version. Exit code 3 where PyTorch is not installed.
"""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(3)

batch, length, inputs, hidden, layers = (int(value) for value in sys.argv[1:6])
seconds = float(sys.argv[6])
torch.set_num_threads(1)
torch.manual_seed(1)

lstm = torch.nn.LSTM(inputs, hidden, layers)
optimiser = torch.optim.Adam(lstm.parameters(), lr=1e-3)
rows = torch.randn(1024, length, inputs)


def train(steps):
    for _ in range(steps):
        x = rows[torch.randint(0, rows.shape[0], (batch,))].transpose(0, 1).contiguous()
        optimiser.zero_grad(set_to_none=True)
        states, _ = lstm(x)
        # Towards a half, not towards nothing: states that fade into denormals would be what is measured.
        (states - 0.5).square().mean().backward()
        optimiser.step()


train(5)
print(torch.__version__, flush=True)
for _ in sys.stdin:
    steps = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        train(5)
        steps += 5
    print(steps * batch * length / (time.perf_counter() - start), flush=True)
