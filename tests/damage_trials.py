"""Damage results files at random and open them: ``python tests/damage_trials.py SEED SECONDS FOLDER``.

Prints JSON: how many files were damaged in each way, how many of them were refused, how many gave the same result
because the damage hit nothing that is read, and how many gave another one. Each trial is printed on stderr before it is
made, so that one that ends the process is known.
"""

import json
import random
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

import jitrisk as jr


def flip(content: bytearray, dice: random.Random) -> None:
    content[dice.randrange(len(content))] ^= dice.randrange(1, 256)


def cut(content: bytearray, dice: random.Random) -> None:
    del content[dice.randrange(len(content)) :]


def clear(content: bytearray, dice: random.Random) -> None:
    start = dice.randrange(len(content))
    length = min(dice.choice([16, 512, 4096]), len(content) - start)
    content[start : start + length] = bytes(length)


def exchange(content: bytearray, dice: random.Random) -> None:
    """Exchange two sectors."""
    size = min(512, len(content) // 2)
    first, second = (dice.randrange(0, len(content) - size + 1) for _ in range(2))
    part = content[first : first + size]
    content[first : first + size] = content[second : second + size]
    content[second : second + size] = part


WAYS = {"flip": flip, "cut": cut, "clear": clear, "exchange": exchange}


def damage_netcdf(target: Path, content: bytes, dice: random.Random) -> str:
    way = dice.choices(list(WAYS), [6, 1, 1, 1])[0]
    changed = bytearray(content)
    # What describes the content stands at the beginning, and is small beside it.
    head = bytearray(changed[: len(changed) // 4]) if dice.random() < 0.5 and way != "cut" else changed
    WAYS[way](head, dice)
    changed[: len(head)] = head
    target.write_bytes(changed)
    return f"netcdf {way}"


def damage_zarr(folder: Path, files: list[Path], dice: random.Random) -> str:
    way = dice.choices([*WAYS, "delete", "swap"], [6, 1, 1, 1, 2, 2])[0]
    file = folder / dice.choice(files)
    if way == "delete":
        file.unlink()
    elif way == "swap":
        other = folder / dice.choice(files)
        first, second = file.read_bytes(), other.read_bytes()
        file.write_bytes(second)
        other.write_bytes(first)
    else:
        content = bytearray(file.read_bytes())
        WAYS[way](content, dice)
        file.write_bytes(content)
    return f"zarr {way}"


def judge(path: Path, sound) -> str:
    """Say what opening a file gives."""
    try:
        found = jr.open(path)
    except jr.JitriskError as error:
        return (
            "refused" if len(str(error)) < 1000 and str(error).startswith(str(path)) else f"badly said: {error!s:.200}"
        )
    except BaseException as error:
        return f"{type(error).__name__}: {error!s:.200}"
    return "the same" if found.identical(sound) else "another"


def main(seed: int, seconds: float, folder: Path) -> None:
    sound = jr.simulate("bicycles", 40, seed=3)
    jr.save(sound, folder / "sound.nc")
    jr.save(sound, folder / "sound.zarr")
    content = (folder / "sound.nc").read_bytes()
    files = sorted(path.relative_to(folder / "sound.zarr") for path in (folder / "sound.zarr").rglob("*"))
    files = [path for path in files if (folder / "sound.zarr" / path).is_file()]
    counts: Counter[str] = Counter()
    end, trial = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        dice = random.Random(f"{seed}/{trial}")
        if trial % 2:
            target = folder / "damaged.nc"
            way = damage_netcdf(target, content, dice)
        else:
            target = folder / "damaged.zarr"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder / "sound.zarr", target)
            way = damage_zarr(target, files, dice)
        print(f"seed {seed} trial {trial}: {way}", file=sys.stderr, flush=True)
        verdict = judge(target, sound)
        counts[f"{way}: {verdict}"] += 1
        if verdict not in ("refused", "the same"):
            print(f"seed {seed} trial {trial}: {way}: {verdict}", file=sys.stderr, flush=True)
        trial += 1
    print(json.dumps(dict(sorted(counts.items()))))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
