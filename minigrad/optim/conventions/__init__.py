"""Rules under the names, the arguments and the defaults that they have in other packages.

Each function makes one of minigrad's optimizers with the formula of that package, so that a script
can be carried over as it is; the packages themselves are not needed.

    from minigrad.optim.conventions import keras

    optimizer = keras.Adam(model.parameters(), learning_rate=1e-3)

Where the three differ:

    rule         torch                       keras                          optax
    momentum     lr outside v (form B)       lr inside v (form A)           lr outside v (form B)
    Adam         sqrt(v_hat) + 1e-8          sqrt(v) + 1e-7 ("eps hat")     sqrt(v_hat) + 1e-8
    AMSGrad      max of v, then corrected    max of v, then corrected       max of v_hat
    NAdam        mu grows by psi = 0.004     psi = 1                        mu = beta1
    Adamax       max(beta2 u, |g| + eps)     m / (max(beta2 u, |g|) + eps)  as torch
    RMSProp      rho 0.99, sqrt(s) + 1e-8    rho 0.9, sqrt(s + 1e-7)        rho 0.9, sqrt(s + 1e-8)
    AdaGrad      s0 = 0, sqrt(s) + 1e-10     s0 = 0.1, sqrt(s + 1e-7)       s0 = 0.1, sqrt(s + 1e-7)
    AdaDelta     rho 0.9, lr 1               rho 0.95, lr 0.001             rho 0.9
    AdamW        weight decay 0.01           0.004                          0.0001
"""

from . import keras, optax, torch

__all__ = ["keras", "optax", "torch"]
