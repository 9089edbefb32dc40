"""What is searched, in plain Python and NumPy: no TensorFlow here."""
