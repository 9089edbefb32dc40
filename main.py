"""SNAS in TensorFlow: `python main.py --mode=search --constraint=mild`."""

from flags import program

if __name__ == "__main__":
    program.run()
