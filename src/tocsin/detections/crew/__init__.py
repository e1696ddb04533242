"""One pass by several processes: ``plan`` divides the work, ``worker`` does it, ``foreman`` puts it together.

``messages`` are what they tell one another, ``processes`` how, ``survey`` finds the places at which a big
log can be divided, ``joining`` sees that its parts fit, ``sizing`` says how many processes there are.
"""
