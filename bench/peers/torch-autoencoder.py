"""The same training as bench/autoencoder.bench.ts by PyTorch on the CPU, one thread.

    python3 torch-autoencoder.py 15-100-20-100-15 1024 SECONDS

prints one line: steps per second. Exit code 3 where PyTorch is not installed.
"""
import sys
import time

try:
    import torch
except ImportError:
    sys.exit(3)

sizes = [int(size) for size in sys.argv[1].split("-")]
batch_size = int(sys.argv[2])
seconds = float(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(1)

layers = []
for i in range(len(sizes) - 1):
    layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
    if i < len(sizes) - 2:
        layers.append(torch.nn.ReLU())
model = torch.nn.Sequential(*layers)
optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
rows = torch.randn(50_000, sizes[0])


def train(steps):
    for _ in range(steps):
        batch = rows[torch.randint(0, rows.shape[0], (batch_size,))]
        optimiser.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(model(batch), batch).backward()
        optimiser.step()


train(50)
steps = 0
start = time.perf_counter()
while time.perf_counter() - start < seconds:
    train(20)
    steps += 20
print(steps / (time.perf_counter() - start))
