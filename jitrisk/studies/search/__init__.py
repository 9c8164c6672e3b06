"""The search for plans: decisions, their values on a lattice, paired estimates, neighborhoods, descent and screening.

Each step is a module that other studies call as well: `decisions` says what may vary and makes a patch of a plan,
`starts` proposes plans from formulas, `evaluation` estimates plans on common random numbers, `neighborhood` lists the
plans around one, `descent` walks to a local optimum of some paths, `choices` walks over what is taken or not, and
`screening` tells plans apart on paths that no plan was chosen by.
"""
